using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Host.Cli;

namespace Agents.Host.Tests.Cli;

/// <summary>What the verbs say of a run that waits or has stopped, and the commands they name.</summary>
public sealed class WaitVerbTests
{
    /// <summary>One search, which a person must approve.</summary>
    static readonly AgentDefinition Careful = new()
    {
        Name = "careful",
        Steps = [new ToolStep("look", new("search_documents", NeedsApproval: true), new Dictionary<string, Argument> { ["query"] = new Argument.Question() })],
    };

    /// <summary>Asks an agent that is named like the question, which there is not: the call fails.</summary>
    static readonly AgentDefinition Clumsy = new()
    {
        Name = "blunder",
        Steps =
        [
            new ToolStep("ask", new("subagent", Agents: ["idler"]), new Dictionary<string, Argument>
            {
                ["agent"] = new Argument.Question(), ["question"] = new Argument.Text("Anything?"),
            }),
        ],
    };

    [Fact]
    public async Task Ask_show_and_why_say_at_once_that_a_person_must_approve_and_approvals_lists_it()
    {
        await using var server = await VerbServer.Start(Careful);
        Assert.StartsWith("No tool call waits for a person.", (await server.Run("approvals")).Errors, StringComparison.Ordinal);
        var (output, asking) = server.Begin("ask", "What is kept?", "--agent", "careful");
        await App.Until("ask says so", () => Task.FromResult(output().Contains("waits for a person", StringComparison.Ordinal)));

        const string Waits = @"… The run waits for a person to approve search_documents \(s0000t001\)\. since .+\n  Let it run: agents approve [0-9a-f]{8} s0000t001\n";
        Assert.Matches($"^{Waits}$", (await server.Run("why", "last")).Output);
        Assert.Matches($"(?s)… look.*{Waits}", (await server.Run("show", "last")).Output);
        var waiting = await server.Run("approvals");
        Assert.Matches(@"(?m)^run +call +tool +agent +since +until +arguments\n[0-9a-f]{8} +s0000t001 +search_documents +careful .+""What is kept\?""", waiting.Output);
        Assert.Matches("^Answer one: agents approve [0-9a-f]{8} s0000t001, or: agents deny ", waiting.Errors);
        Assert.Matches(@"(?m)^[0-9a-f]{8} +careful .+ approval .+What is kept\?", (await server.Run("runs", "--status", "waiting")).Output);
        Assert.Single(JsonSerializer.Deserialize<JsonElement>((await server.Run("approvals", "--json")).Output).GetProperty("items").EnumerateArray());

        Assert.Equal(ExitCodes.Ok, (await server.Run("approve", "last")).ExitCode);
        var asked = await asking;
        Assert.Equal(ExitCodes.Ok, asked.ExitCode);
        Assert.Matches($"(?s)^{Waits}.*✓ look", asked.Output);
        Assert.Contains("No run fits.", (await server.Run("runs", "--status", "waiting")).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ask_says_where_admission_is_paused_by_whom_and_why_and_the_command_it_names_lets_it_go_on()
    {
        await using var server = await VerbServer.Start(TestAgents.Idler);
        Assert.Equal(ExitCodes.Ok, (await server.Run("admission", "pause", "all", "--reason", "upgrade")).ExitCode);
        var (output, asking) = server.Begin("ask", "Anything?", "--agent", "idler");
        await App.Until("ask says so", () => Task.FromResult(output().Contains("Admission is paused", StringComparison.Ordinal)));

        Assert.Matches(
            @"… Admission is paused for all runs, by operator: upgrade\. since .+\n  Let it go on: agents admission resume all\n", (await server.Run("why", "last")).Output);
        Assert.Equal(ExitCodes.Ok, (await server.Run("admission", "resume", "all")).ExitCode);
        Assert.Matches("^… Admission is paused for all runs, by operator: upgrade", (await asking).Output);
    }

    [Fact]
    public async Task Ask_says_that_no_slot_is_free_or_a_limit_is_full()
    {
        await using var server = await VerbServer.Start(TestAgents.Idler);
        Assert.Equal(ExitCodes.Ok, (await server.Run("limits", "set", "agent:idler", "--max-runs", "0")).ExitCode);
        var (output, asking) = server.Begin("ask", "Anything?", "--agent", "idler");
        await App.Until("ask says so", () => Task.FromResult(output().Contains("is full", StringComparison.Ordinal)));

        Assert.Equal(ExitCodes.Ok, (await server.Run("limits", "remove", "agent:idler")).ExitCode);
        Assert.Matches(
            @"^… The limit agent:idler is full: 0 of 0 runs\. since .+\n  Look at it: agents limits\n", (await asking).Output);
    }

    [Fact]
    public async Task Ask_and_why_say_the_same_of_a_parked_a_paused_and_a_cancelled_run()
    {
        await using var server = await VerbServer.Start(Clumsy, TestAgents.Idler, TestAgents.Sleeper);

        var parked = await server.Run("ask", "Why?", "--agent", "blunder");
        Assert.Equal(ExitCodes.Stopped, parked.ExitCode);
        var why = WithoutAge((await server.Run("why", "last")).Output);
        Assert.Matches(@"^■ The run is parked \(BadArguments\): .+ resuming makes the failed calls again\. since \S+\n  Let it go on: agents resume [0-9a-f]{8}\n$", why);
        Assert.Contains(why, WithoutAge(parked.Output), StringComparison.Ordinal);
        Assert.Contains(why, WithoutAge((await server.Run("show", "last")).Output), StringComparison.Ordinal);
        Assert.Equal("BadArguments", JsonSerializer.Deserialize<JsonElement>((await server.Run("why", "last", "--json")).Output).GetProperty("failure")
            .GetProperty("kind").GetString());

        var (output, asking) = server.Begin("ask", "Sleep.", "--agent", "sleeper");
        await App.Until("ask says so", () => Task.FromResult(output().Contains("The run waits until", StringComparison.Ordinal)));
        await server.Run("pause", "last", "--reason", "lunch");
        var paused = await asking;
        Assert.Equal(ExitCodes.Stopped, paused.ExitCode);
        Assert.Matches(@"(?s)‖ sleep.*‖ A person paused the run, by operator: lunch\. It goes on when it is resumed\. since .+Let it go on: agents resume ", paused.Output);
        await server.Run("cancel", "last", "--reason", "enough");
        Assert.Matches(
            @"^■ The run is cancelled, by operator: enough\. It does no more work\. since .+\n  Go on from it in a new run: agents fork ", (await server.Run("why", "last")).Output);
    }

    [Fact]
    public async Task Runs_are_found_by_what_was_asked_when_and_by_labels_and_an_empty_list_says_that_a_filter_is_on()
    {
        await using var server = await VerbServer.Start(TestAgents.Idler);
        Assert.Contains("There are no runs yet.", (await server.Run("runs")).Errors, StringComparison.Ordinal);
        await server.Run("ask", "Where is the red door?", "--agent", "idler", "--metadata", "customer=acme");
        await server.Run("ask", "Where is the blue door?", "--agent", "idler", "--thread", "doors");

        Assert.Equal(["red"], await Colours("--text", "RED"));
        Assert.Equal(["red"], await Colours("--label", "customer=acme"));
        Assert.Equal(["blue"], await Colours("--thread", "doors"));
        Assert.Equal(["blue", "red"], await Colours("--since", "2020-01-01"));
        Assert.Equal([], await Colours("--until", "2020-01-01"));
        Assert.Equal([], await Colours("--min-cost", "0.01"));
        Assert.Equal([], await Colours("--schedule", "none"));
        Assert.Contains("No run fits.", (await server.Run("runs", "--text", "green")).Errors, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, (await server.Run("runs", "--label", "customer")).ExitCode);
        Assert.Equal(ExitCodes.Usage, (await server.Run("runs", "--status", "wating")).ExitCode);

        async Task<IEnumerable<string>> Colours(params string[] filter) =>
            (await server.Run(["runs", .. filter])).Output.Split(' ').Where(word => word is "red" or "blue");
    }

    static string WithoutAge(string text) => System.Text.RegularExpressions.Regex.Replace(text, @" \(\d[^()]* ?s\)", "");
}
