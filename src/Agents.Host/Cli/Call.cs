using System.CommandLine;
using Agents.Host.Cli.Display;
using Agents.Host.Postgres;

namespace Agents.Host.Cli;

/// <summary>One call of a verb: its command line, and where its output goes.</summary>
/// <param name="ServerSettings">Arguments for a server that has to be started in this process.</param>
public sealed record Call(ParseResult Parsed, Screen Screen, IReadOnlyList<string> ServerSettings)
{
    /// <summary>Errors are shown with all their details.</summary>
    public static bool IsDebugging => Environment.GetEnvironmentVariable("AGENTS_DEBUG") is "1";

    /// <summary>The result is for programs.</summary>
    public bool IsJson => Parsed.GetValue(GlobalOptions.Json);

    /// <summary>The server's address: from the command line, else AGENTS_SERVER. Null to find one.</summary>
    public Uri? Server
    {
        get
        {
            var address = Parsed.GetValue(GlobalOptions.Server) ?? Environment.GetEnvironmentVariable("AGENTS_SERVER");
            if (string.IsNullOrWhiteSpace(address)) return null;
            return Uri.TryCreate(address, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
                ? url
                : throw new VerbException(ExitCodes.Usage, $"{address} is not the address of a server. It looks like {Host.Server.DefaultUrl}");
        }
    }

    /// <summary>The API key: from the command line, else AGENTS_KEY. Null for none.</summary>
    public string? Key =>
        (Parsed.GetValue(GlobalOptions.Key) ?? Environment.GetEnvironmentVariable("AGENTS_KEY")) is { } key && !string.IsNullOrWhiteSpace(key)
            ? key.Trim()
            : null;

    /// <summary>The data directory: from the command line, else AGENTS_DATA, else the account's.</summary>
    public string Data => Parsed.GetValue(GlobalOptions.Data) is { Length: > 0 } named ? Path.GetFullPath(named) : EmbeddedServer.DefaultDirectory();

    /// <summary>One line for people beside the result; programs get none.</summary>
    public void Inform(string text)
    {
        if (!IsJson) Screen.Inform(text);
    }
}
