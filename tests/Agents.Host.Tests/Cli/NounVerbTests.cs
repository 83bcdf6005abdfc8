using System.Text.Json;
using Agents.Host.Cli;
using Agents.Host.Cli.Display;
using Agents.Host.Cli.Money;

namespace Agents.Host.Tests.Cli;

/// <summary>One grammar: a plural noun lists, a word behind it does something with one of them.</summary>
public sealed class NounVerbTests
{
    [Fact]
    public async Task Every_noun_lists_by_itself_as_a_table_or_as_JSON_and_says_what_would_fill_an_empty_list()
    {
        await using var server = await VerbServer.Start(TestAgents.Idler);
        foreach (var (noun, fills) in new[]
        {
            ("agents", ""), ("tools", ""), ("documents", "agents ingest"), ("threads", "--thread"), ("batches", "agents batch"),
            ("schedules", "agents schedules create"), ("budgets", "agents budgets set"), ("rates", "agents rates set"), ("prices", ""),
            ("limits", "agents limits set"), ("approvals", "approval: true"), ("dead-letters", ""), ("runs", "agents ask"), ("nodes", ""),
        })
        {
            var shown = await server.Run(noun);
            Assert.Equal(ExitCodes.Ok, shown.ExitCode);
            Assert.Contains(fills, shown.Output + shown.Errors, StringComparison.Ordinal);
            if (noun is "agents" or "documents" or "schedules" or "budgets" or "rates" or "prices" or "dead-letters" or "threads" or "batches")
                Assert.Equal((shown.ExitCode, shown.Output), await OutputOf(server, noun, "list"));
            Assert.Equal(JsonValueKind.Array, JsonOf(await server.Run(noun, "--json")).GetProperty("items").ValueKind);
        }
    }

    [Fact]
    public async Task Documents_are_listed_shown_and_deleted_by_name()
    {
        await using var server = await VerbServer.Start();
        var folder = Directory.CreateTempSubdirectory("agents-documents-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "pump.md"), "# Pump\n\nThe pump needs oil.", TestContext.Current.CancellationToken);
        await server.Run("ingest", folder);

        Assert.Matches(@"(?m)^pump\.md +Pump +1 +", (await server.Run("documents")).Output);
        Assert.Matches(@"(?s)^pump\.md .*It is searched\..*1  Pump +text/markdown", (await server.Run("documents", "show", "pump.md")).Output);
        Assert.Equal("pump.md is not searched any more.\n", (await server.Run("documents", "delete", "pump.md")).Output);
        Assert.Contains("agents ingest PATH", (await server.Run("documents")).Errors, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.NothingFound, (await server.Run("documents", "show", "nowhere.md")).ExitCode);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Tools_threads_and_batches_are_shown_and_a_batch_gives_its_results_and_is_cancelled()
    {
        await using var server = await VerbServer.Start(TestAgents.Idler, TestAgents.Sleeper);
        Assert.Matches(@"(?m)^search_documents +tool +yes +research ", (await server.Run("tools")).Output);
        Assert.Contains("\"query\"", (await server.Run("tools", "show", "search_documents")).Output, StringComparison.Ordinal);
        Assert.Contains("Did you mean search_documents?", (await server.Run("tools", "show", "search_document")).Errors, StringComparison.Ordinal);

        await server.Run("ask", "First?", "--agent", "idler", "--thread", "doors");
        await server.Run("ask", "Second?", "--agent", "idler", "--thread", "doors");
        Assert.Matches(@"(?m)^doors +2 +[0-9a-f]{8} +completed +.+ +Second\?", (await server.Run("threads")).Output);
        Assert.Matches(@"(?s)^First\?.*Second\?", (await server.Run("threads", "show", "doors")).Output);

        var file = Path.GetTempFileName();
        await File.WriteAllLinesAsync(file, ["Sleep one.", "Sleep two."], TestContext.Current.CancellationToken);
        await server.Run("batch", file, "--agent", "sleeper", "--detach");
        Assert.Matches(@"(?s)^batch .*\n[0-9a-f]{8} .* 2 .*1  [0-9a-f]{8}  (queued|running) +Sleep one\.", (await server.Run("batches", "show", "last")).Output);
        Assert.Equal("2 runs cancelled; what has ended stays as it is.\n", (await server.Run("batches", "cancel", "last")).Output);
        var results = (await server.Run("batches", "results", "last")).Output.TrimEnd().Split('\n').Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToList();
        Assert.Equal(["cancelled", "cancelled"], results.Select(result => result.GetProperty("status").GetString()));
        Assert.Matches("^2 results written to ", (await server.Run("batches", "results", "last", "--out", file)).Errors);
        Assert.Matches(@"(?m)^[0-9a-f]{8} +cancelled .+Sleep two\.", (await server.Run("runs", "--batch", "last")).Output);
        File.Delete(file);
    }

    [Fact]
    public async Task A_schedule_is_shown_and_only_what_is_named_changes()
    {
        await using var server = await VerbServer.Start(TestAgents.Idler);
        await server.Run("schedules", "create", "morning", "--cron", "0 7 * * 1-5", "--question", "What is new?", "--agent", "idler", "--overlap", "queue");

        Assert.Equal(ExitCodes.Ok, (await server.Run("schedules", "change", "morning", "--cron", "0 8 * * 1-5")).ExitCode);

        var shown = (await server.Run("schedules", "show", "morning")).Output;
        Assert.Matches(@"(?s)^morning  0 8 \* \* 1-5 in UTC\nasks idler: What is new\?\n.*queue.*fires next .*changed by operator", shown);
        Assert.Equal(ExitCodes.Usage, (await server.Run("schedules", "change", "morning")).ExitCode);
        var taken = await server.Run("schedules", "create", "morning", "--cron", "0 7 * * *", "--question", "Q");
        Assert.Contains("agents schedules change morning", taken.Errors, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Ok, (await server.Run("schedules", "remove", "morning")).ExitCode);
    }

    [Theory]
    [InlineData("tenant:acme", new[] { "50" }, "tenant", "acme", 50)]
    [InlineData("tenant", new[] { "acme", "$0.25" }, "tenant", "acme", 0.25)]
    [InlineData("key:a:b", new[] { "1" }, "key", "a:b", 1)]
    public void A_budget_is_named_by_its_scope(string first, string[] more, string scope, string name, double usd) =>
        Assert.Equal((scope, name, (decimal)usd), BudgetVerb.Read(first, more, hasAmount: true));

    [Theory]
    [InlineData("tenant", new[] { "50" })]
    [InlineData("tenant:", new[] { "50" })]
    [InlineData("tenant:acme", new[] { "acme", "50" })]
    [InlineData("tenant:acme", new[] { "much" })]
    public void What_names_no_budget_is_refused_with_the_form(string first, string[] more) =>
        Assert.Equal(ExitCodes.Usage, Assert.Throws<VerbException>(() => BudgetVerb.Read(first, more, hasAmount: true)).ExitCode);

    [Fact]
    public async Task A_message_has_no_words_of_HTTP_or_dot_NET()
    {
        await using var server = await VerbServer.Start(TestAgents.Idler);
        foreach (var words in new[]
        {
            new[] { "runs", "--limit", "many" }, ["schedules", "show", "none"], ["agents", "show", "none"], ["limits", "remove", "overall"],
            ["rates", "remove", "offline", "none"], ["budgets", "remove", "tenant:none"], ["admission", "resume", "all"], ["nodes", "drain", "none"],
            ["ask", "Why?", "--budget", "much"], ["dead-letters", "replay", Guid.NewGuid().ToString()], ["rates", "sett"],
            ["schedules", "create", "x", "--cron", "0 0 * * *", "--question", "q", "--overlap", "never"],
        })
        {
            var said = await server.Run(words);
            Assert.NotEqual(ExitCodes.Ok, said.ExitCode);
            Assert.NotEmpty(said.Errors);
            Assert.DoesNotMatch(@"\b(GET|PUT|POST|DELETE) /|System\.|Nullable|contained in type|Authorization", said.Errors);
        }

        Assert.Equal("agents: 'many' does not fit --limit, which is a whole number. See: agents runs --help\n", (await server.Run("runs", "--limit", "many")).Errors);
        Assert.StartsWith("agents: 'rates' does not know 'sett'. Did you mean 'set'? It takes: set, remove.", (await server.Run("rates", "sett")).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Markdown_is_shown_as_a_terminal_can()
    {
        const string Answer = "# Parking\n\nA **permit** costs `12` euros [1], see [the desk](https://desk.example).\n- one\n* two\n```\ncode **stays**\n```\nA ` alone.";

        Assert.Equal(
            "[bold underline]Parking[/]\n\nA [bold]permit[/] costs [teal]12[/] euros [[1]], see the desk [grey](https://desk.example)[/].\n• one\n• two\n"
            + "    [teal]code **stays**[/]\nA ` alone.",
            MarkdownText.Of(Answer));
        var output = new StringWriter();
        Screen.OfWidth(output, TextWriter.Null, 100).Line(MarkdownText.Of(Answer + " [bold]not markup[/] \u001b[31m"));
        Assert.Contains("[bold]not markup[/] [31m", output.ToString(), StringComparison.Ordinal);
    }

    static JsonElement JsonOf((int ExitCode, string Output, string Errors) said) => JsonSerializer.Deserialize<JsonElement>(said.Output);

    static async Task<(int ExitCode, string Output)> OutputOf(VerbServer server, params string[] words) =>
        await server.Run(words) is var said ? (said.ExitCode, said.Output) : default;
}
