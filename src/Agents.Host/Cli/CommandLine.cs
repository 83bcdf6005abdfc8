using Agents.Host.Postgres;
using JasperFx;

namespace Agents.Host.Cli;

/// <summary>What the process is asked to do.</summary>
public static class CommandLine
{
    /// <summary>Verbs of the libraries below, which look at or change the store and the generated code.</summary>
    static readonly HashSet<string> Maintenance =
        ["codegen", "check-env", "describe", "resources", "projections", "storage", "db-apply", "db-assert", "db-dump", "db-patch", "db-list", "wolverine-diagnostics"];

    public static async Task<int> Run(string[] args)
    {
        if (args is [var verb, ..] && Maintenance.Contains(verb))
        {
            var maintained = await Server.Build(args[1..], needsDatabase: verb is not ("codegen" or "describe"));
            return await maintained.RunJasperFxCommands(args);
        }

        var app = await Server.Build(args);
        await app.RunAsync();
        await app.Services.GetRequiredService<DatabaseConnection>().DisposeAsync();
        return 0;
    }
}
