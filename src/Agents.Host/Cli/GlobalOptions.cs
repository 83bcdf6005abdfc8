using System.CommandLine;

namespace Agents.Host.Cli;

/// <summary>Options that every verb takes, before or after its name.</summary>
static class GlobalOptions
{
    public static readonly Option<string?> Server = new("--server")
    {
        Description = "Address of a running server; AGENTS_SERVER. Without it: the one that runs on the data directory, else one for this call.",
        HelpName = "URL",
        Recursive = true,
    };

    public static readonly Option<string?> Key = new("--key")
    {
        Description = "API key of the server; AGENTS_KEY, which other users of the machine cannot see.",
        HelpName = "KEY",
        Recursive = true,
    };

    public static readonly Option<string?> Data = new("--data")
    {
        Description = "Data directory, where the embedded PostgreSQL lives; AGENTS_DATA.",
        HelpName = "DIR",
        Recursive = true,
    };

    public static readonly Option<bool> Json = new("--json") { Description = "The result as JSON, and nothing else on stdout.", Recursive = true };

    public static readonly Option<bool> NoColor = new("--no-color") { Description = "No colours; NO_COLOR.", Recursive = true };

    static readonly string[] Valued = ["--server=", "--data=", "--key="];

    /// <summary>The word of the command line that may be a verb: the first that is neither one of these options nor the value of one.</summary>
    public static string? FirstWord(IReadOnlyList<string> args)
    {
        for (var at = 0; at < args.Count; at++)
        {
            if (args[at] is "--json" or "--no-color") continue;
            if (args[at] is "--server" or "--data" or "--key") at++;
            else if (!Valued.Any(option => args[at].StartsWith(option, StringComparison.Ordinal))) return args[at];
        }

        return null;
    }
}
