using Agents.Host.Postgres;
using JasperFx;
using Wolverine;

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
            var maintained = await Server.Build(args[1..], needsDatabase: verb is not ("codegen" or "describe"), builder =>
                builder.Services.ConfigureWolverine(wolverine => wolverine.CodeGeneration.GeneratedCodeOutputPath = GeneratedCode()));
            return await maintained.RunJasperFxCommands(args);
        }

        var app = await Server.Build(args);
        await app.RunAsync();
        await app.Services.GetRequiredService<DatabaseConnection>().DisposeAsync();
        return 0;
    }

    /// <summary>The folder of the project this was built from, where generated code is kept; the folder of the program where there is no project.</summary>
    static string GeneratedCode()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Agents.Host.csproj"))) folder = folder.Parent;
        return Path.Combine(folder?.FullName ?? AppContext.BaseDirectory, "Internal", "Generated");
    }
}
