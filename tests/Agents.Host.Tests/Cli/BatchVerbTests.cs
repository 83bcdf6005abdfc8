using System.Text.Json;
using Agents.Host.Cli;
using Agents.Host.Cli.Runs;

namespace Agents.Host.Tests.Cli;

/// <summary>Batches, schedules, rates and dead letters on the command line, on a database of their own.</summary>
public sealed class BatchVerbTests
{
    [Fact]
    public async Task All_questions_of_a_file_are_asked_and_what_came_of_each_is_written_down()
    {
        var database = await TestDatabase.Create("batch");
        var (file, results) = (Path.GetTempFileName(), Path.GetTempFileName());
        await File.WriteAllLinesAsync(file, ["What is asked first?", "", "\"What is \\\"second\\\"?\"", "{\"question\": \"What is third?\", \"priority\": 9}", "{\"agent\": \"nobody\", \"question\": \"Who?\"}"]);

        var asked = await Run(database, "batch", file, "--out", results, "--once", "monday");
        Assert.Equal(ExitCodes.Failed, asked.ExitCode); // one was refused
        Assert.Matches(@"^4 questions · 3 completed · 1 refused · \$0\.00 · ", asked.Output);
        Assert.Contains("Item 4: Unknown agent", asked.Errors, StringComparison.Ordinal);

        var lines = (await File.ReadAllLinesAsync(results)).Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToList();
        Assert.Equal(["completed", "completed", "completed", "refused"], lines.Select(line => line.GetProperty("status").GetString()));
        Assert.Equal("What is \"second\"?", lines[1].GetProperty("question").GetString());

        var again = JsonSerializer.Deserialize<JsonElement>((await Run(database, "batch", file, "--once", "monday", "--json")).Output);
        Assert.Equal(4, again.GetProperty("items")[0].GetProperty("items").GetInt32());
        Assert.Equal(3, JsonSerializer.Deserialize<JsonElement>((await Run(database, "runs", "--json")).Output).GetProperty("items").GetArrayLength());

        Assert.Matches(@"(?m)^[0-9a-f-]{36}  .+ +4 +1 +0 +0 +0 +3 +0 +\$0\.00", (await Run(database, "batches")).Output);

        var forked = await Run(database, "fork", "last", "--reason", "once more");
        Assert.Equal(ExitCodes.Ok, forked.ExitCode);
        Assert.Matches(@"^Run [0-9a-f-]{36} goes on from version \d+ of ", forked.Output);
        Assert.Contains("continues run", (await Run(database, "show", "last")).Output, StringComparison.Ordinal);
        Assert.Contains("No run fits", (await Run(database, "fork", "--all")).Errors, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, (await Run(database, "fork", "--all", "--at", "3")).ExitCode);
        Assert.Equal(ExitCodes.Usage, (await Run(database, "fork")).ExitCode);

        await File.WriteAllTextAsync(file, "{\"question\": ");
        Assert.Equal(ExitCodes.Usage, (await Run(database, "batch", file)).ExitCode);
        Assert.Equal(ExitCodes.Usage, (await Run(database, "batch", "/nowhere.jsonl")).ExitCode);
        File.Delete(file);
        File.Delete(results);
    }

    [Fact]
    public async Task Schedules_rates_and_dead_letters_have_verbs()
    {
        var database = await TestDatabase.Create("verbs");

        var made = await Run(database, "schedules", "create", "morning", "--cron", "0 7 * * 1-5", "--zone", "Europe/Berlin", "--question", "What is new?", "--overlap", "queue");
        Assert.Matches(@"^morning fires next \d{4}-\d\d-\d\d", made.Output);
        Assert.Equal(ExitCodes.Stopped, (await Run(database, "schedules", "create", "morning", "--cron", "0 7 * * *", "--question", "Again?")).ExitCode);
        Assert.Equal("morning is paused.\n", (await Run(database, "schedules", "pause", "morning")).Output);
        Assert.Matches(@"(?m)^morning  0 7 \* \* 1-5  Europe/Berlin  paused", (await Run(database, "schedules", "list")).Output);
        Assert.Equal(ExitCodes.Ok, (await Run(database, "schedules", "resume", "morning")).ExitCode);
        Assert.Equal(ExitCodes.Ok, (await Run(database, "schedules", "delete", "morning")).ExitCode);
        Assert.Equal(ExitCodes.NothingFound, (await Run(database, "schedules", "delete", "morning")).ExitCode);

        Assert.Equal(ExitCodes.Ok, (await Run(database, "rates", "set", "openai", "gpt-4o-mini", "--requests", "500", "--tokens", "200000")).ExitCode);
        Assert.Matches(@"(?m)^openai    gpt-4o-mini +500 +0 +200,000 +0 +0", (await Run(database, "rates", "list")).Output);
        Assert.Equal(ExitCodes.Usage, (await Run(database, "rates", "set", "openai", "gpt-4o-mini")).ExitCode);
        Assert.Equal(ExitCodes.Ok, (await Run(database, "rates", "remove", "openai", "gpt-4o-mini")).ExitCode);

        Assert.Contains("No message was given up.", (await Run(database, "dead-letters", "list")).Errors, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.NothingFound, (await Run(database, "dead-letters", "replay", Guid.NewGuid().ToString())).ExitCode);
        Assert.Equal("0 messages sent again.\n", (await Run(database, "dead-letters", "replay", "--all")).Output);
        Assert.Equal(ExitCodes.Usage, (await Run(database, "dead-letters", "replay")).ExitCode);
    }

    static async Task<(int ExitCode, string Output, string Errors)> Run(string database, params string[] words)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        var nowhere = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()); // no server runs there
        var exitCode = await CommandLine.Run([.. words, "--data", nowhere], output, errors, $"--ConnectionStrings:agents={database}");
        return (exitCode, output.ToString().ReplaceLineEndings("\n"), errors.ToString().ReplaceLineEndings("\n"));
    }
}
