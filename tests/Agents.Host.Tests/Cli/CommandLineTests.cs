using Agents.Host.Cli;

namespace Agents.Host.Tests.Cli;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("agents: There is no verb 'serch'. Did you mean 'search'? See: agents --help", "serch", "x")]
    [InlineData("agents: There is no verb 'run'. Did you mean 'runs'? See: agents --help", "run")]
    [InlineData("agents: There is no verb 'frobnicate'. See: agents --help", "frobnicate")]
    [InlineData("agents: 'ask' needs a question. See: agents ask --help", "ask")]
    [InlineData("agents: 'db' needs one of: status, stop, psql, roles, reset. See: agents db --help", "db")]
    [InlineData(
        "agents: 'ab' is no run. Name one by its id, by at least 4 characters of the id's beginning or end, or as last. See: agents show --help",
        "show", "ab")]
    [InlineData("agents: ftp:x is not the address of a server. It looks like http://127.0.0.1:5080", "runs", "--server", "ftp:x")]
    public async Task What_is_wrong_with_the_command_line_is_said_in_one_line(string message, params string[] args)
    {
        var (exitCode, output, errors) = await Run(args);

        Assert.Equal(ExitCodes.Usage, exitCode);
        Assert.Equal(message + Environment.NewLine, errors);
        Assert.Empty(output);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("help")]
    public async Task The_help_names_every_verb_and_every_exit_code(params string[] args)
    {
        var (exitCode, output, _) = await Run(args);

        Assert.Equal(ExitCodes.Ok, exitCode);
        foreach (var verb in new[] { "ask", "ingest", "search", "runs", "show", "tail", "replay", "cancel", "pause", "resume", "cost", "serve", "db",
            "doctor", "verify", "codegen" })
            Assert.Matches($@"(?m)^  {verb}\b", output);
        foreach (var (code, meaning) in ExitCodes.All) Assert.Matches($@"(?m)^  {code}\s+{meaning}$", output);
    }

    [Fact]
    public async Task The_help_of_a_verb_shows_its_options() =>
        Assert.Contains("--docs <PATH>", (await Run("ask", "--help")).Output, StringComparison.Ordinal);

    [Fact]
    public async Task A_server_that_is_not_there_is_told_from_a_wrong_command_line()
    {
        var (exitCode, _, errors) = await Run("runs", "--server", "http://127.0.0.1:1");

        Assert.Equal(ExitCodes.Unreachable, exitCode);
        Assert.StartsWith("agents: No Agents server answers at http://127.0.0.1:1/.", errors, StringComparison.Ordinal);
    }

    static async Task<(int ExitCode, string Output, string Errors)> Run(params string[] args)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        var exitCode = await CommandLine.Run(args, output, errors);
        return (exitCode, output.ToString(), errors.ToString());
    }
}
