using Agents.Host.Cli.Display;
using JasperFx;
using Spectre.Console;
using Wolverine;

namespace Agents.Host.Cli.Database;

/// <summary>Verbs of the libraries below, which look at or change the store and the generated code.</summary>
static class Maintenance
{
    public static readonly IReadOnlyDictionary<string, string> Verbs = new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["check-env"] = "Checks what the server needs around it.",
        ["codegen"] = "Shows or writes the generated code of handlers and endpoints.",
        ["db-apply"] = "Brings the database's tables up to date.",
        ["db-assert"] = "Fails if the database's tables are not up to date.",
        ["db-dump"] = "Writes the SQL of all tables.",
        ["db-list"] = "Lists the databases in use.",
        ["db-patch"] = "Writes the SQL that would bring the tables up to date.",
        ["projections"] = "Lists read models; agents projections rebuild makes them anew.",
        ["resources"] = "Sets up, checks or clears queues and tables.",
        ["storage"] = "Manages stored messages.",
        ["wolverine-diagnostics"] = "Shows handlers, queues and routes.",
    };

    public static async Task<int> Run(string[] args)
    {
        var verb = args[0];
        var app = await Server.Build(args[1..], needsDatabase: verb is not "codegen", builder =>
            builder.Services.ConfigureWolverine(wolverine => wolverine.CodeGeneration.GeneratedCodeOutputPath = GeneratedCode()));
        return verb is "codegen" ? await app.RunJasperFxCommands(args) : await AsOurs(() => app.RunJasperFxCommands(args));
    }

    /// <summary>The libraries write to the console of the process; what they write is printed as our verbs do.</summary>
    static async Task<int> AsOurs(Func<Task<int>> run)
    {
        var (console, output) = (AnsiConsole.Console, Console.Out);
        await using var lines = new PlainLines(Screen.OfProcess(hasColour: false));
        try
        {
            Console.SetOut(lines);
            AnsiConsole.Console = AnsiConsole.Create(new AnsiConsoleSettings
            {
                Out = new AnsiConsoleOutput(lines), Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.No,
            });
            AnsiConsole.Profile.Width = PlainLines.Width;
            return await run();
        }
        finally
        {
            AnsiConsole.Console = console;
            Console.SetOut(output);
            lines.Complete();
        }
    }

    /// <summary>
    /// The folder of the project this was built from, where generated code is kept; the folder of the program where there is no project.
    /// </summary>
    static string GeneratedCode()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Agents.Host.csproj"))) folder = folder.Parent;
        return Path.Combine(folder?.FullName ?? AppContext.BaseDirectory, "Internal", "Generated");
    }
}
