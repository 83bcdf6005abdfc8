using System.Text.Json;
using Agents.Host.Catalog.Format;
using Agents.Host.Cli;
using Agents.Host.Cli.Definitions;

namespace Agents.Host.Tests.Cli;

/// <summary>Agents on the command line, with a server of their own.</summary>
public sealed class AgentsVerbTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("agents-verb-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task An_agent_is_resultpushed_compared_tried_and_rolled_back()
    {
        await using var server = await VerbServer.Start();
        var file = Write("triage.yaml", "name: triage\nsteps:\n  - name: sort\n    instructions: Sort it.\n");

        Assert.Equal($"{file}: triage is right.\n", (await server.Run("agents", "check", file)).Output);
        Assert.Equal("triage would be stored as version 1, live would stand for it.\n", (await server.Run("agents", "push", file, "--dry-run")).Output);
        Assert.Equal("triage is stored as version 1, live stands for it.\n", (await server.Run("agents", "push", file, "--comment", "first")).Output);
        Assert.Equal("triage is version 1 already.\n", (await server.Run("agents", "push", file)).Output);
        Assert.Equal(
            "name: triage\nversion: 1\nsteps:\n  - name: sort\n    instructions: Sort it.\n", (await server.Run("agents", "show", "triage")).Output);

        Write("triage.yaml", "name: triage\nsteps:\n  - name: sort\n    instructions: Sort it well.\n");
        var diff = await server.Run("agents", "diff", "triage", file);
        Assert.Equal(ExitCodes.Ok, diff.ExitCode);
        Assert.Equal(
            $"--- triage@1\n+++ {file}\n@@ -1,4 +1,4 @@\n name: triage\n steps:\n   - name: sort\n-    instructions: Sort it.\n+    instructions: Sort it well.\n",
            diff.Output);
        Assert.Equal("triage is stored as version 2.\n", (await server.Run("agents", "push", file, "--no-alias")).Output);
        Assert.Contains("-version: 1\n+version: 2\n", (await server.Run("agents", "diff", "triage", "1", "2")).Output, StringComparison.Ordinal);

        Assert.Equal("20 % of the new runs of triage get version 2.\n", (await server.Run("agents", "trial", "triage", "2", "20")).Output);
        Assert.Matches(@"(?m)^triage\s+1  all tenants  live=1\s+2 at 20 %  sort", (await server.Run("agents", "list")).Output);
        Assert.Matches(@"(?m)^\s*2  trial 20 % \(all tenants\)", (await server.Run("agents", "versions", "triage")).Output);
        Assert.Equal("The trial of version 2 has ended.\n", (await server.Run("agents", "rollback", "triage")).Output);
        Assert.Equal("live stands for version 2 of triage.\n", (await server.Run("agents", "alias", "triage", "live", "2")).Output);
        Assert.Equal("Version 1 of triage is live again.\n", (await server.Run("agents", "rollback", "triage")).Output);
        Assert.Equal(ExitCodes.Stopped, (await server.Run("agents", "rollback", "triage")).ExitCode);
        Assert.Equal(ExitCodes.NothingFound, (await server.Run("agents", "alias", "triage", "live", "9")).ExitCode);
        Assert.Equal(ExitCodes.NothingFound, (await server.Run("agents", "trial", "triage", "off")).ExitCode);
        Assert.Equal(ExitCodes.Usage, (await server.Run("agents", "trial", "triage", "2")).ExitCode);
        var shown = JsonSerializer.Deserialize<JsonElement>((await server.Run("agents", "show", "triage@2", "--json")).Output);
        Assert.Equal(2, shown.GetProperty("definition").GetProperty("version").GetInt32());
    }

    [Fact]
    public async Task What_is_wrong_is_told_with_file_line_and_reason()
    {
        await using var server = await VerbServer.Start();
        var bad = Write("bad.yaml", "name: bad\nsteps:\n  - name: a\n  - nmae: b\n    tool: x\n");
        var tool = Write("tool.yaml", "name: tool\nsteps:\n  - name: a\n    tool: no_such_tool\n");

        var result = await server.Run("agents", "check", bad, tool);
        Assert.Equal(ExitCodes.Usage, result.ExitCode);
        Assert.Contains($"{bad}, line 3, column 5, steps[0]: A step has one of", result.Output, StringComparison.Ordinal);
        Assert.Contains($"{bad}, line 4, column 5, steps[1].nmae: There is no such member", result.Output, StringComparison.Ordinal);
        Assert.Contains($"{tool}: tool is right.", result.Output, StringComparison.Ordinal); // which tools there are, the server knows

        var pushed = await server.Run("agents", "push", tool);
        Assert.Equal(ExitCodes.Usage, pushed.ExitCode);
        Assert.Contains("line 3, column 5, steps[0]: Step a may use no_such_tool, but no tool is named so.", pushed.Errors, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, (await server.Run("agents", "push", Path.Combine(folder, "nowhere.yaml"))).ExitCode);
        Assert.Equal(DefinitionFormat.Schema() + "\n", (await server.Run("agents", "schema")).Output);
    }

    [Theory]
    [InlineData("a\nb\nc\n", "a\nb\nc\n", "")]
    [InlineData("a\nb\nc\n", "a\nx\nc\n", "--- 1|+++ 2|@@ -1,3 +1,3 @@| a|-b|+x| c")]
    [InlineData("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\n5\n6\n7\n8\nnine\n", "--- 1|+++ 2|@@ -6,4 +6,4 @@| 6| 7| 8|-9|+nine")]
    [InlineData("a\n1\n2\n3\n4\n5\n6\n7\n8\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\n8\nB\n",
        "--- 1|+++ 2|@@ -1,4 +1,4 @@|-a|+A| 1| 2| 3|@@ -7,4 +7,4 @@| 6| 7| 8|-b|+B")]
    public void Texts_are_compared_line_by_line(string before, string after, string lines) =>
        Assert.Equal(lines, string.Join('|', LineDifference.Of(before, after, "1", "2")));

    string Write(string name, string text)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
