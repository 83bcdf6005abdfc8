using Agents.Host.Cli;

namespace Agents.Host.Tests.Cli;

public sealed class SignalVerbTests
{
    [Fact]
    public async Task Ask_says_at_once_what_the_run_waits_for_and_signal_sends_it()
    {
        await using var server = await VerbServer.Start(TestAgents.Gate);
        var (output, asking) = server.Begin("ask", "Who may pass?", "--agent", "gate");
        await App.Until("ask says so", () => Task.FromResult(output().Contains("waits for signal open", StringComparison.Ordinal)));

        Assert.Matches(
            @"^… The run waits for signal open\. since .+\n  Send it: agents signal [0-9a-f]{8} open\n$", (await server.Run("why", "last")).Output);
        Assert.Equal(ExitCodes.Usage, (await server.Run("signal", "last", "Open!")).ExitCode);
        Assert.Matches(
            @"^Signal later of run [0-9a-f]{8}: kept until a wait uses it\.\n$", (await server.Run("signal", "last", "later", "--id", "1")).Output);
        Assert.Matches(
            @"^Signal open of run [0-9a-f]{8}: used, the run goes on\.\n$",
            (await server.Run("signal", "last", "open", "--payload", """{"by":"ada"}""")).Output);

        var asked = await asking;
        Assert.Equal(ExitCodes.Ok, asked.ExitCode);
        Assert.Matches(@"(?s)… The run waits for signal open\. since .+\n  Send it: agents signal [0-9a-f]{8} open\n.*✓ gate.*\{""by"":""ada""\}", asked.Output);
        var late = await server.Run("signal", "last", "open");
        Assert.Equal((ExitCodes.Stopped, ""), (late.ExitCode, late.Output));
        Assert.Contains("Run is completed", late.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_payload_may_be_a_text_or_come_from_a_file()
    {
        await using var server = await VerbServer.Start(TestAgents.Gate);
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "from a file", TestContext.Current.CancellationToken);

        Assert.Contains("from a file", await AnswerTo($"@{file}"), StringComparison.Ordinal);
        Assert.Contains("{just} words", await AnswerTo("{just} words"), StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, (await server.Run("signal", "last", "open", "--payload", "@/nowhere")).ExitCode);
        File.Delete(file);

        async Task<string> AnswerTo(string payload)
        {
            var asking = server.Run("ask", $"What is {payload}?", "--agent", "gate");
            await App.Until("the run waits", async () => (await server.Run("why", "last")).Output.Contains("waits for signal", StringComparison.Ordinal));
            await server.Run("signal", "last", "open", "--payload", payload);
            return (await asking).Output;
        }
    }
}
