using System.Globalization;
using Agents.Host.Cli;
using Agents.Host.Platform;
using Agents.Host.Tests;
using Npgsql;

namespace Agents.Web.Tests;

/// <summary>The demo is what a server would have stored, and the pages show its figures to the last digit.</summary>
public sealed class DemoTests
{
    /// <summary>A folder to draw the pictures of the documentation into; see docs/img/make.</summary>
    const string Pictures = "AGENTS_PICTURES";

    /// <summary>A finished run of many steps with a call that was tried again.</summary>
    const string TriedAgain =
        """
        select r.run_id from agents.run_summary r
        where r.agent = 'demo-report' and r.status = 'completed'
          and exists (select from agents.timeline t where t.tenant_id = r.tenant_id and t.run_id = r.run_id and t.type = 'model_call_failed')
        order by r.run_id desc limit 1
        """;

    const string WaitingForApproval = "select count(*) from agents.run_summary where status in ('queued', 'running')";

    const string IsCalledDemo =
        "select bool_and(metadata ->> 'demo' = 'yes' and agent like 'demo-%') from agents.run_summary";

    [Fact]
    public async Task The_demo_is_sound_and_its_costs_are_those_of_SQL()
    {
        var connection = await TestDatabase.CreatePrepared("demo");
        var (output, errors) = (new StringWriter(), new StringWriter());
        var folder = Directory.CreateTempSubdirectory("agents-demo-").FullName; // where no server has written its address
        string[] demo = ["demo", "--data", folder];
        Assert.True(0 == await CommandLine.Run(demo, output, errors, $"--ConnectionStrings:agents={connection}"), $"{errors}");
        await using var database = NpgsqlDataSource.Create(connection);
        var runs = await database.First<long>("select count(*) from agents.run_summary", null, default);
        Assert.True(runs >= 150, $"Only {runs} runs.");
        Assert.Contains($"{runs} runs of 30 simulated days", output.ToString(), StringComparison.Ordinal);
        foreach (var status in new[] { "completed", "failed", "cancelled", "parked", "paused", "running" })
            Assert.True(
                await database.First<bool>("select exists (select from agents.run_summary where status = @status)", new { status }, default), status);
        Assert.Equal(3, await database.First<long>(WaitingForApproval, null, default));
        Assert.True(await database.First<bool>(IsCalledDemo, null, default));

        Assert.Equal(ExitCodes.Stopped, await CommandLine.Run(demo, output, errors, $"--ConnectionStrings:agents={connection}")); // not fresh

        var verified = new StringWriter();
        Environment.SetEnvironmentVariable("ConnectionStrings__agents", connection);
        try
        {
            Assert.True(0 == await CommandLine.Run(["verify"], verified, errors), $"{verified}\n{errors}");
        }
        finally
        {
            Environment.SetEnvironmentVariable("ConnectionStrings__agents", null);
        }

        await using var app = await Agents.Host.Server.Build(["--urls=http://127.0.0.1:0", $"--ConnectionStrings:agents={connection}"]);
        await app.StartAsync();
        await using var sheet = await (await Sheet.Open(new(app.Urls.Single()), 1440)).Go("#/costs?window=90d&by=model");
        var total = await sheet.Page.Locator("[data-total]").InnerTextAsync();
        var spent = await database.First<decimal>("select sum(cost_usd) from finance.model_call", null, default);
        Assert.Equal(spent, decimal.Parse(total.TrimStart('$').Replace(",", "", StringComparison.Ordinal), CultureInfo.InvariantCulture));
        await sheet.Page.Locator("canvas").WaitForAsync();
        sheet.IsCalm();

        if (Environment.GetEnvironmentVariable(Pictures) is { Length: > 0 } pictures)
            await Draw(sheet, pictures, await database.First<Guid>(TriedAgain, null, default));
    }

    /// <summary>The pictures of the documentation.</summary>
    static async Task Draw(Sheet sheet, string folder, Guid run)
    {
        foreach (var (name, address) in new[]
        {
            ("run", $"#/runs/{run}"), ("runs", "#/runs"), ("costs", "#/costs?window=30d&by=agent"), ("queue", "#/queue"), ("inbox", "#/inbox"),
        })
        {
            await sheet.Go(address);
            await sheet.Page.WaitForTimeoutAsync(2_500);
            await sheet.Page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{name}.png") });
        }
    }
}
