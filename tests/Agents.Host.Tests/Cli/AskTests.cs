using System.Net.Http.Json;
using System.Text.Json;
using Agents.Host.Cli;
using Agents.Host.Cli.Runs;

namespace Agents.Host.Tests.Cli;

/// <summary>The verbs as a person uses them: no server runs, so each starts one for itself on the same database.</summary>
public sealed class AskTests : IAsyncLifetime
{
    readonly string folder = Directory.CreateTempSubdirectory("agents-ask-").FullName;
    string connection = "";

    string Docs => Path.Combine(folder, "docs");

    public async ValueTask InitializeAsync()
    {
        connection = await TestDatabase.Create("ask");
        Directory.CreateDirectory(Docs);
        await File.WriteAllTextAsync(Path.Combine(Docs, "handbook.md"),
            "# Handbook\n\n## Holidays\n\nEvery employee has thirty days of holiday a year. Unused days expire in March.\n\n"
            + "## Parking\n\nParking permits are issued by the front desk. A permit costs twelve euros a month.\n");
        await File.WriteAllBytesAsync(Path.Combine(Docs, "photo.bin"), [0, 1, 2, 3, 0, 0, 0, 255]);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_question_becomes_five_steps_an_answer_with_citations_and_its_cost_and_every_other_verb_finds_the_run()
    {
        var asked = await Run("ask", "What does a parking permit cost?", "--docs", Docs);

        Assert.Equal(ExitCodes.Ok, asked.ExitCode);
        Assert.DoesNotContain('\u001b', asked.Output);
        Assert.Matches("(?s)✓ plan.*✓ search +1 passage from 1 document.*✓ analyze.*✓ synthesize.*✓ respond +answered with 1 citation", asked.Output);
        Assert.Matches(@"twelve euros a month.*\[1\]", asked.Output);
        Assert.Contains("[1] handbook.md › Handbook › Parking", asked.Output, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^\$0\.00 · 4 model calls · [\d,]+ in / [\d,]+ out tokens · .+ · offline-extractive-1$", asked.Output);
        Assert.Contains("Read 1 document (1 new, 0 changed), 1 skipped: photo.bin (binary, not text)", asked.Errors, StringComparison.Ordinal);

        var id = JsonOf(await Run("runs", "--json")).GetProperty("items")[0].GetProperty("id").GetGuid();
        Assert.Contains($"run {id} · agents show {RunIds.Brief(id)}", asked.Output, StringComparison.Ordinal);
        Assert.Contains("completed · research 1", (await Run("show", RunIds.Brief(id))).Output, StringComparison.Ordinal);
        Assert.Matches("(?s)run_queued: .*step_started: 5 respond.*run_completed: 1 citation: ", (await Run("replay", "last")).Output);
        Assert.Matches(@"(?m)^total +4 ", (await Run("cost")).Output);
        Assert.Equal((ExitCodes.Stopped, ""), await ExitCodeAndOutput("cancel", "last"));
        Assert.Equal((ExitCodes.NothingFound, ""), await ExitCodeAndOutput("search", "zebra"));
    }

    [Fact]
    public async Task A_program_gets_the_run_and_nothing_else()
    {
        var asked = await Run("ask", "How many days of holiday does an employee have?", "--docs", Docs, "--json");

        var run = JsonOf(asked);
        Assert.Equal("completed", run.GetProperty("status").GetString());
        Assert.Contains("thirty days", run.GetProperty("answer").GetString(), StringComparison.Ordinal);
        Assert.Empty(asked.Errors);
    }

    [Fact]
    public async Task A_schema_gives_the_answer_a_form_and_show_shows_it()
    {
        var form = Path.Combine(folder, "form.json");
        await File.WriteAllTextAsync(form, """{"type":"object","required":["answer"],"properties":{"answer":{"type":"string"}}}""");

        var asked = JsonOf(await Run("ask", "How many days of holiday does an employee have?", "--docs", Docs, "--schema", form, "--json"));

        Assert.Contains("thirty days", asked.GetProperty("output").GetProperty("answer").GetString(), StringComparison.Ordinal);
        var shown = JsonOf(await Run("show", asked.GetProperty("id").GetString()!, "--json"));
        Assert.True(JsonElement.DeepEquals(asked.GetProperty("output"), shown.GetProperty("output")));
        Assert.Equal(ExitCodes.Usage, (await Run("ask", "Why?", "--docs", Docs, "--schema", Path.Combine(folder, "none.json"))).ExitCode);
    }

    [Fact]
    public async Task A_refusal_of_the_server_is_shown_in_its_own_words()
    {
        var asked = await Run("ask", "Why?", "--agent", "nobody", "--docs", Docs);

        Assert.Equal(ExitCodes.NothingFound, asked.ExitCode);
        Assert.Contains("agents: Unknown agent: No agent is named \"nobody\".", asked.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_verb_that_lets_a_run_go_on_in_a_server_of_its_own_shows_it_to_its_end()
    {
        var agents = Directory.CreateDirectory(Path.Combine(folder, "agents")).FullName;
        await File.WriteAllTextAsync(
            Path.Combine(agents, "clerk.yaml"),
            "name: clerk\nsteps:\n  - name: look\n    tool: { tool: search_documents, approval: true }\n    with: { query: parking }\n");
        await using (var server = await VerbServer.Start($"--ConnectionStrings:agents={connection}", $"--Agents:Directory={agents}"))
        {
            using var http = new HttpClient { BaseAddress = new(server.Address) };
            (await http.PostAsJsonAsync("runs", new { question = "Where?", agent = "clerk" })).EnsureSuccessStatusCode();
            await App.Until(
                "the run waits", async () => (await server.Run("approvals")).Output.Contains("search_documents", StringComparison.Ordinal));
        }

        var approved = await Run("approve", "last");

        Assert.Matches("(?s)^Tool call s0000t001 of run [0-9a-f]{8}: approved[.].*✓ look", approved.Output);
        Assert.Equal("completed", JsonOf(await Run("show", "last", "--json")).GetProperty("status").GetString());
    }

    static JsonElement JsonOf((int ExitCode, string Output, string Errors) said) => JsonSerializer.Deserialize<JsonElement>(said.Output);

    async Task<(int ExitCode, string Output)> ExitCodeAndOutput(params string[] args) =>
        await Run(args) is var said ? (said.ExitCode, said.Output) : default;

    async Task<(int ExitCode, string Output, string Errors)> Run(params string[] args)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        var exitCode = await CommandLine.Run(
            [.. args, "--data", Path.Combine(folder, "data")], output, errors, "--ConnectionStrings:agents", connection);
        return (exitCode, output.ToString(), errors.ToString());
    }
}
