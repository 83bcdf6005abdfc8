using System.Text.Json;
using Agents.Host.Cli;

namespace Agents.Host.Tests.Cli;

/// <summary>The verbs that go through runs otherwise, compare them, and withdraw documents.</summary>
public sealed class WhatIfVerbTests
{
    [Fact]
    public async Task A_run_is_gone_through_otherwise_compared_and_its_document_recalled()
    {
        await using var server = await VerbServer.Start();
        var folder = Directory.CreateTempSubdirectory("agents-whatif-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "lift.md"), "# Lift\n\nThe lift of the tower carries forty persons at once.\n");
        Assert.Equal(ExitCodes.Ok, (await server.Run("ingest", folder)).ExitCode);
        Assert.Equal(ExitCodes.Ok, (await server.Run("ask", "How many persons does the lift of the tower carry?")).ExitCode);

        var unsaid = await server.Run("whatif", "last", "--model", "offline-extractive-1", "--from", "analyze");
        Assert.Equal(ExitCodes.Usage, unsaid.ExitCode);
        Assert.Contains("1 run will spend about $0.00, and at most $0.01. To do it: --yes", unsaid.Errors, StringComparison.Ordinal);
        var asked = await server.Run("whatif", "last", "--model", "offline-extractive-1", "--from", "analyze", "--yes");
        Assert.True(asked.ExitCode == ExitCodes.Ok, asked.Errors);
        Assert.Contains("the same answer, on the same grounds", asked.Output, StringComparison.Ordinal);
        Assert.Contains("1 of 1 run ended · 1 of 1 answer the same", asked.Output, StringComparison.Ordinal);
        var id = asked.Output.Split("what-if ")[^1].Trim();
        Assert.Equal(asked.Output, (await server.Run("whatif", "--follow", id)).Output);
        var none = await server.Run("whatif", "--query", "agent=nobody limit=5", "--model", "offline-extractive-1", "--yes");
        Assert.Equal(ExitCodes.NothingFound, none.ExitCode);
        Assert.Equal(ExitCodes.Usage, (await server.Run("whatif", "--query", "colour=red", "--model", "m", "--yes")).ExitCode);
        Assert.Equal(ExitCodes.Usage, (await server.Run("whatif", "last")).ExitCode);

        var pair = JsonSerializer.Deserialize<JsonElement>((await server.Run("whatif", "--follow", id, "--json")).Output).GetProperty("items")[0];
        var compared = await server.Run("compare", pair.GetProperty("origin").GetString()!, pair.GetProperty("run").GetString()!);
        Assert.Contains("Claims: the same. Citations: the same.", compared.Output, StringComparison.Ordinal);

        var cited = pair.GetProperty("origin").GetString()!;
        var document = JsonSerializer.Deserialize<JsonElement>((await server.Run("show", cited, "--json")).Output)
            .GetProperty("citations")[0].GetProperty("documentId").GetString()!;
        var recalled = await server.Run("recall", document, "--version", "1", "--reason", "It is wrong.");
        Assert.StartsWith("Version 1 of lift.md is withdrawn: it is searched no more.\n2 answers cite it.\n", recalled.Output, StringComparison.Ordinal);
        var again = await server.Run("recall", document, "--version", "1", "--ask-again", "--budget", "5");
        Assert.True(again.ExitCode == ExitCodes.Ok, again.Errors);
        Assert.Contains("1 of 1 run ended · 0 of 1 answer the same", again.Output, StringComparison.Ordinal);
        Assert.Contains("All were asked again before.", (await server.Run("recall", document, "--version", "1", "--ask-again", "--budget", "5")).Output,
            StringComparison.Ordinal);
        Assert.Equal(ExitCodes.NothingFound, (await server.Run("recall", document, "--version", "2")).ExitCode);
        Assert.Equal(ExitCodes.Usage, (await server.Run("recall", document, "--version", "1", "--ask-again")).ExitCode);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task The_statements_that_make_the_roles_can_be_printed()
    {
        var (output, errors) = (new StringWriter(), new StringWriter());

        Assert.Equal(ExitCodes.Ok, await CommandLine.Run(["db", "roles", "--sql"], output, errors));

        Assert.Contains("create role agents_app nologin", output.ToString(), StringComparison.Ordinal);
    }
}
