using System.Text.Json;
using Agents.Host.Tests;
using Microsoft.Playwright;

namespace Agents.Web.Tests;

/// <summary>What people do with runs: ask, watch, wind back, answer, stop, find again.</summary>
public sealed class RunPageTests(WebServer server)
{
    [Fact]
    public async Task An_answer_arrives_word_by_word()
    {
        const string question = "Tell me of the lighthouse, word by word.";
        var gate = new TaskCompletionSource();
        server.Model.Says(question, new Spoken("The lighthouse stands ", "on the northern cape", gate.Task, ", and is lit at dusk."));
        await using var sheet = await (await Sheet.Open(server.Address)).Go("#/ask");

        await sheet.Page.Locator("#question").FillAsync(question);
        await sheet.Page.Locator("#agent").SelectOptionAsync("talker");
        await sheet.Button("Ask").ClickAsync();
        await sheet.Page.Locator(".caret", new() { HasText = "on the northern cape" }).WaitForAsync();
        Assert.Equal(0, await sheet.Page.GetByText("lit at dusk").CountAsync());
        gate.SetResult();

        await sheet.Sees("The lighthouse stands on the northern cape, and is lit at dusk.");
        await sheet.Page.Locator(".status.ok", new() { HasText = "completed" }).WaitForAsync();
        sheet.IsCalm();
    }

    [Fact]
    public async Task A_question_whose_answer_was_lost_is_asked_again_and_is_one_run()
    {
        const string question = "Is this asked once, though its answer was lost?";
        await using var sheet = await (await Sheet.Open(server.Address)).Go("#/ask");
        var keys = new List<string>();
        await sheet.Page.RouteAsync("**/runs", async route =>
        {
            keys.Add(route.Request.Headers["idempotency-key"]);
            var answer = await route.FetchAsync();
            if (keys.Count == 1) await route.AbortAsync(); // the server has it, the browser hears nothing
            else await route.FulfillAsync(new() { Response = answer });
        });

        await sheet.Page.Locator("#question").FillAsync(question);
        await sheet.Button("Ask").ClickAsync();
        await sheet.Sees("Press again: it is not done twice.");
        await sheet.Button("Ask").ClickAsync();
        await sheet.Sees("Ask again");

        Assert.Equal(2, keys.Count);
        Assert.Single(keys.Distinct());
        var found = await server.Get($"/runs?q={Uri.EscapeDataString(question)}");
        Assert.Single(found.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task A_citation_opens_its_passage()
    {
        await server.Read("ferry.md", "# Ferry\n\n## Fares\n\nThe ferry to the island costs nine crowns for a grown person.\n");
        await server.Until(await server.Ask("What does the ferry to the island cost?", "research"), "completed");
        var id = await server.Ask("What does the ferry to the island cost?", "research");
        await server.Until(id, "completed");
        await using var sheet = await (await Sheet.Open(server.Address)).Go($"#/ask?run={id}");

        await sheet.Page.Locator(".cite").First.ClickAsync();

        await sheet.Page.Locator(".passage", new() { HasText = "costs nine crowns" }).WaitForAsync();
        await sheet.Page.Locator(".passage", new() { HasText = "ferry.md" }).WaitForAsync();
        sheet.IsCalm();
    }

    [Fact]
    public async Task Wound_back_it_shows_the_state_of_that_version()
    {
        var id = await server.Ask("What was the state of things?", "research");
        await server.Until(id, "completed");
        await using var sheet = await (await Sheet.Open(server.Address)).Go($"#/runs/{id}?v=12&pane=state");

        foreach (var version in new[] { 12, 11, 10 })
        {
            if (version < 12)
            {
                await sheet.Page.Locator("#wind").FocusAsync();
                await sheet.Page.Keyboard.PressAsync("ArrowLeft");
            }

            await sheet.Page.Locator($"[data-state='{version}']").WaitForAsync();
            var shown = JsonSerializer.Deserialize<JsonElement>(await sheet.Page.Locator(".panes pre.raw").InnerTextAsync());
            var told = await server.Get($"/runs/{id}/state?version={version}");
            foreach (var member in new[] { "version", "type", "at", "status", "step", "isInStep", "outputs", "modelCalls", "toolCalls", "usage" })
                Assert.True(JsonElement.DeepEquals(told.GetProperty(member), shown.GetProperty(member)), $"{version} {member}");
            await sheet.Page.WaitForURLAsync($"**v={version}*"); // once the slider rests
        }

        sheet.IsCalm();
    }

    [Fact]
    public async Task What_waits_is_approved_by_a_key_and_denied_on_the_page_of_the_run()
    {
        server.Model.Says("Shred the old menu.", ("shred", new { document = "the old menu" }), "The old menu is gone.")
            .Says("Shred the contract.", ("shred", new { document = "the contract" }), "I was not let.");
        var (menu, contract) = (await server.Ask("Shred the old menu.", "clerk"), await server.Ask("Shred the contract.", "clerk"));
        await using var sheet = await (await Sheet.Open(server.Address)).Go("#/inbox");

        var call = sheet.Page.Locator("[data-call]", new() { HasText = "the old menu" });
        await call.WaitForAsync();
        await call.FocusAsync();
        await sheet.Page.Keyboard.PressAsync("a");
        await sheet.Sees("shred was approved.");
        Assert.Equal("The old menu is gone.", (await server.Until(menu, "completed")).GetProperty("answer").GetString());

        await sheet.Go($"#/runs/{contract}");
        await sheet.Page.Locator("pre.raw", new() { HasText = "the contract" }).WaitForAsync();
        await sheet.Page.GetByLabel("Reason (told to the model when denied)").FillAsync("it is still in force");
        await sheet.Button("Deny").ClickAsync();
        await sheet.Sees("I was not let.");
        Assert.Equal("I was not let.", (await server.Until(contract, "completed")).GetProperty("answer").GetString());
        sheet.IsCalm();
    }

    [Fact]
    public async Task A_run_is_cancelled_and_another_that_parked_goes_on()
    {
        var asleep = await server.Ask("Sleep until this is cancelled.", "sleeper");
        server.Model.Says(
            "Fail twice, then answer.", new HttpRequestException("away", null, System.Net.HttpStatusCode.ServiceUnavailable),
            new HttpRequestException("away", null, System.Net.HttpStatusCode.ServiceUnavailable), "Here I am again.");
        var parked = await server.Ask("Fail twice, then answer.");
        await using var sheet = await (await Sheet.Open(server.Address)).Go($"#/runs/{asleep}");

        await sheet.Button("Cancel…").ClickAsync();
        await sheet.Page.GetByLabel("Reason (kept in the history)").FillAsync("the test is over");
        await sheet.Button("Cancel the run").ClickAsync();
        await sheet.Page.Locator(".head .status", new() { HasText = "cancelled" }).WaitForAsync();
        Assert.Equal("the test is over", (await server.Until(asleep, "cancelled")).GetProperty("reason").GetString());

        await server.Until(parked, "parked");
        await sheet.Go($"#/runs/{parked}");
        await sheet.Button("Resume").ClickAsync();
        await sheet.Sees("Here I am again.");
        sheet.IsCalm();
    }

    [Fact]
    public async Task Filters_stand_in_the_address_and_the_list_keeps_itself_current()
    {
        await server.Until(await server.Ask("Where do the herons nest?"), "completed", "parked");
        await using var sheet = await (await Sheet.Open(server.Address)).Go("#/runs");
        await sheet.Page.Locator("[data-search]").FillAsync("herons");
        await sheet.Page.WaitForURLAsync("**?q=herons");
        await sheet.Sees("Where do the herons nest?");
        var address = sheet.Page.Url;

        await using var shared = await Sheet.Open(server.Address);
        await shared.Page.GotoAsync(address);
        await shared.Sees("Where do the herons nest?");
        Assert.Equal(1, await shared.Page.Locator("tbody tr").CountAsync());
        Assert.Equal("herons", await shared.Page.Locator("[data-search]").InputValueAsync());

        await server.Ask("When do the herons leave?");
        await shared.Sees("When do the herons leave?"); // nobody has touched the page
        Assert.Equal(2, await shared.Page.Locator("tbody tr").CountAsync());
        shared.IsCalm();
    }

    [Fact]
    public async Task Several_runs_are_cancelled_at_once()
    {
        var runs = new[] { await server.Ask("Bulk sleep one.", "sleeper"), await server.Ask("Bulk sleep two.", "sleeper") };
        await using var sheet = await (await Sheet.Open(server.Address)).Go("#/runs?q=Bulk%20sleep");
        await sheet.Sees("Bulk sleep two.");

        await sheet.Page.GetByLabel("Choose all on this page").CheckAsync();
        await sheet.Button("Cancel 2").ClickAsync();
        await sheet.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Cancel", Exact = true }).ClickAsync();

        await sheet.Sees("2 runs cancelled.");
        foreach (var run in runs) await server.Until(run, "cancelled");
        sheet.IsCalm();
    }
}
