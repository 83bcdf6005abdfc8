using System.Text.Json;
using Agents.Host.Cli;
using Agents.Host.Tests.Models;

namespace Agents.Host.Tests.Cli;

/// <summary>Batches, schedules, rates and dead letters on the command line, with a server of their own.</summary>
public sealed class BatchVerbTests
{
    [Fact]
    public async Task All_questions_of_a_file_are_asked_and_what_came_of_each_is_written_down()
    {
        await using var server = await VerbServer.Start();
        var (file, results) = (Path.GetTempFileName(), Path.GetTempFileName());
        await File.WriteAllLinesAsync(file, ["What is asked first?", "", "\"What is \\\"second\\\"?\"",
            "{\"question\": \"What is third?\", \"priority\": 9}", "{\"agent\": \"nobody\", \"question\": \"Who?\"}"]);

        var asked = await server.Run("batch", file, "--out", results, "--once", "monday");
        Assert.Equal(ExitCodes.Failed, asked.ExitCode); // one was refused
        Assert.Matches(@"^4 questions · 3 completed · 1 refused · \$0\.00 · ", asked.Output);
        Assert.Contains("Item 4: Unknown agent", asked.Errors, StringComparison.Ordinal);

        var lines = (await File.ReadAllLinesAsync(results)).Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToList();
        Assert.Equal(["completed", "completed", "completed", "refused"], lines.Select(line => line.GetProperty("status").GetString()));
        Assert.Equal("What is \"second\"?", lines[1].GetProperty("question").GetString());

        var again = JsonSerializer.Deserialize<JsonElement>((await server.Run("batch", file, "--once", "monday", "--json")).Output);
        Assert.Equal(4, again.GetProperty("items")[0].GetProperty("items").GetInt32());
        Assert.Equal(3, JsonSerializer.Deserialize<JsonElement>((await server.Run("runs", "--json")).Output).GetProperty("items").GetArrayLength());

        Assert.Matches(@"(?m)^[0-9a-f]{8}  .+ +4 +1 +0 +0 +0 +3 +0 +\$0\.00", (await server.Run("batches")).Output);

        var forked = await server.Run("fork", "last", "--reason", "once more");
        Assert.Equal(ExitCodes.Ok, forked.ExitCode);
        Assert.Matches(@"^Run [0-9a-f-]{36} goes on from version \d+ of ", forked.Output);
        Assert.Contains("continues run", (await server.Run("show", "last")).Output, StringComparison.Ordinal);
        Assert.Contains("No run fits", (await server.Run("fork", "--all")).Errors, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, (await server.Run("fork", "--all", "--at", "3")).ExitCode);
        Assert.Equal(ExitCodes.Usage, (await server.Run("fork")).ExitCode);

        await File.WriteAllTextAsync(file, "{\"question\": ");
        Assert.Equal(ExitCodes.Usage, (await server.Run("batch", file)).ExitCode);
        Assert.Equal(ExitCodes.Usage, (await server.Run("batch", "/nowhere.jsonl")).ExitCode);
        File.Delete(file);
        File.Delete(results);
    }

    [Fact]
    public async Task The_shell_learns_that_an_answer_of_a_batch_is_cut_off()
    {
        await using var provider = await FakeProvider.Start();
        provider.Otherwise(_ => FakeReply.Answer("Half an ans", new(10, 5)) with { FinishReason = "length" });
        await using var server = await VerbServer.Start(
            "--Models:Provider=openai", $"--Models:Endpoint={provider.Address}", "--Models:ApiKey=test");
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "What is half?");

        var asked = await server.Run("batch", file);

        Assert.Equal(ExitCodes.Incomplete, asked.ExitCode);
        Assert.Matches("^1 question · 1 completed · 1 cut off · ", asked.Output);
        File.Delete(file);
    }

    [Fact]
    public async Task Schedules_rates_and_dead_letters_have_verbs()
    {
        await using var server = await VerbServer.Start();

        var made = await server.Run(
            "schedules", "create", "morning", "--cron", "0 7 * * 1-5", "--zone", "Europe/Berlin", "--question", "What is new?", "--overlap", "queue");
        Assert.Matches(@"^morning fires next \d{4}-\d\d-\d\d", made.Output);
        Assert.Equal(ExitCodes.Stopped, (await server.Run("schedules", "create", "morning", "--cron", "0 7 * * *", "--question", "Again?")).ExitCode);
        Assert.Equal("morning is paused.\n", (await server.Run("schedules", "pause", "morning")).Output);
        Assert.Matches(@"(?m)^morning  0 7 \* \* 1-5  Europe/Berlin  paused", (await server.Run("schedules", "list")).Output);
        Assert.Equal(ExitCodes.Ok, (await server.Run("schedules", "resume", "morning")).ExitCode);
        Assert.Equal(ExitCodes.Ok, (await server.Run("schedules", "delete", "morning")).ExitCode);
        Assert.Equal(ExitCodes.NothingFound, (await server.Run("schedules", "delete", "morning")).ExitCode);

        Assert.Equal(ExitCodes.Ok, (await server.Run("rates", "set", "openai", "gpt-4o-mini", "--requests", "500", "--tokens", "200000")).ExitCode);
        Assert.Matches(@"(?m)^openai    gpt-4o-mini +500 +0 +200,000 +0 +0", (await server.Run("rates", "list")).Output);
        Assert.Equal(ExitCodes.Usage, (await server.Run("rates", "set", "openai", "gpt-4o-mini")).ExitCode);
        Assert.Equal(ExitCodes.Ok, (await server.Run("rates", "remove", "openai", "gpt-4o-mini")).ExitCode);

        Assert.Contains("No message was given up.", (await server.Run("dead-letters", "list")).Errors, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.NothingFound, (await server.Run("dead-letters", "replay", Guid.NewGuid().ToString())).ExitCode);
        Assert.Equal("0 messages sent again.\n", (await server.Run("dead-letters", "replay", "--all")).Output);
        Assert.Equal(ExitCodes.Usage, (await server.Run("dead-letters", "replay")).ExitCode);
    }
}
