using System.Text.Json;
using Agents.Host.Cli;

namespace Agents.Host.Tests.Cli;

/// <summary>Budgets and usage exports on the command line, with a server of their own.</summary>
public sealed class BudgetVerbTests
{
    [Fact]
    public async Task A_budget_is_set_raised_listed_and_removed_and_an_export_imported()
    {
        await using var server = await VerbServer.Start();

        Assert.Equal(ExitCodes.Ok, (await server.Run("budget", "set", "tenant", "default", "50", "--period", "day")).ExitCode);
        var raised = JsonSerializer.Deserialize<JsonElement>(
            (await server.Run("budget", "raise", "tenant", "default", "2.5", "--period", "day", "--json")).Output);
        Assert.Equal((52.5m, "day"), (raised.GetProperty("limitUsd").GetDecimal(), raised.GetProperty("period").GetString()));
        Assert.Matches(@"(?m)^tenant:default  day from \d{4}-\d\d-\d\d\s+\$52\.50\s+\$0\.00", (await server.Run("budget", "list")).Output);
        Assert.Equal(ExitCodes.NothingFound, (await server.Run("budget", "remove", "tenant", "default")).ExitCode); // there is none of a month
        Assert.Equal(ExitCodes.Usage, (await server.Run("budget", "set", "tenant", "default", "-1")).ExitCode);
        Assert.Equal(ExitCodes.Ok, (await server.Run("budget", "remove", "tenant", "default", "--period", "day")).ExitCode);

        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "What is asked first?\n");
        Assert.Equal(ExitCodes.Ok, (await server.Run("batch", file)).ExitCode);
        File.Delete(file);
        Assert.Matches("(?m)^batch:[0-9a-f-]{36} +total", (await server.Run("budgets", "set", "batch:last", "5")).Output);
        Assert.Equal(ExitCodes.NothingFound, (await server.Run("budgets", "raise", "batch:zzzz", "5")).ExitCode);

        var export = Path.GetTempFileName();
        await File.WriteAllTextAsync(export, "time,model,cost_usd\n2026-11-23T14:05:00Z,gpt-4o-mini,0.25\n");
        var imported = await server.Run("finance", "import", export);
        File.Delete(export);
        Assert.StartsWith("1 row, 1 new; 0 calls of unknown outcome resolved.", imported.Output, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^2026-11-23 14:00  gpt-4o-mini\s+\$0\.25\s+\$0\.00\s+\$0\.00\s+\$0\.25", imported.Output);
        Assert.Equal(ExitCodes.Usage, (await server.Run("finance", "import", "/nowhere/usage.csv")).ExitCode);
    }
}
