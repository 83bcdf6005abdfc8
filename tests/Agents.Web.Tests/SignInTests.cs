using Agents.Host.Http;
using Microsoft.Playwright;
using Npgsql;

namespace Agents.Web.Tests;

/// <summary>A server with keys: signing in, and what a role sees.</summary>
public sealed class SignInTests(LockedServer server) : IClassFixture<LockedServer>
{
    [Fact]
    public async Task The_key_opens_the_pages_and_is_kept_nowhere()
    {
        await using var sheet = await (await Sheet.Open(server.Address)).Go("#/runs?status=failed");

        await sheet.Page.GetByLabel("API key").FillAsync("agents_wrong");
        await sheet.Button("Sign in").ClickAsync();
        await sheet.Sees("Key refused.");
        await sheet.Page.GetByLabel("API key").FillAsync(server.Admin);
        await sheet.Button("Sign in").ClickAsync();
        await sheet.Sees("No run fits");

        Assert.DoesNotContain("agents_", sheet.Page.Url, StringComparison.Ordinal);
        Assert.Contains("#/runs?status=failed", sheet.Page.Url, StringComparison.Ordinal);
        Assert.Equal("0 0 ", await sheet.Page.EvaluateAsync<string>("`${localStorage.length} ${sessionStorage.length} ${document.cookie}`"));
        await sheet.Page.ReloadAsync();
        await sheet.Page.GetByLabel("API key").WaitForAsync();
    }

    [Fact]
    public async Task A_role_sees_what_it_may_do_and_no_more()
    {
        foreach (var (key, pages) in new[]
        {
            (server.Viewer, "Runs, Queue, Inbox, Knowledge, Audit"), (server.Finance, "Costs"),
            (server.Admin, "Ask, Runs, Costs, Queue, Inbox, Knowledge, Audit"),
        })
        {
            await using var sheet = await (await Sheet.Open(server.Address)).Go("");
            await sheet.Page.GetByLabel("API key").FillAsync(key);
            await sheet.Button("Sign in").ClickAsync();
            await sheet.Page.GetByRole(AriaRole.Heading, new() { Level = 1 }).First.WaitForAsync();

            Assert.Equal(pages, string.Join(", ", await sheet.Page.Locator("nav[aria-label=Pages] a").AllInnerTextsAsync()));
        }
    }
}

/// <summary>A server whose database has keys.</summary>
public sealed class LockedServer : WebServer
{
    public string Viewer { get; private set; } = "";

    public string Finance { get; private set; } = "";

    public string Admin { get; private set; } = "";

    protected override async Task Prepare(NpgsqlDataSource database)
    {
        var keys = new KeyStore(database);
        Viewer = (await keys.Create("default", Roles.Viewer, "viewer", default)).Secret;
        Finance = (await keys.Create("default", Roles.Finance, "finance", default)).Secret;
        Admin = (await keys.Create("default", Roles.Admin, "admin", default)).Secret;
    }
}
