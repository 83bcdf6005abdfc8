namespace Agents.Host.Cli;

/// <summary>Settings in the environment of a verb that only a server reads: beside one that runs they count for nothing.</summary>
public static class ServerOnlySettings
{
    const string Models = "Models__";
    const string Database = "ConnectionStrings__agents";

    /// <summary>What is said of those of this process. Null when there are none.</summary>
    /// <param name="address">Of the server that runs.</param>
    public static string? Unused(Uri address) => Unused(Environment.GetEnvironmentVariables().Keys.Cast<string>(), address);

    /// <param name="variables">The names of all variables of the process.</param>
    public static string? Unused(IEnumerable<string> variables, Uri address)
    {
        var unused = OfServers(variables);
        return unused.Count == 0 ? null
            : $"{string.Join(", ", unused)} {(unused.Count == 1 ? "is" : "are")} not used: the server at {address} has its own settings. "
                + $"Set {(unused.Count == 1 ? "it" : "them")} where that server is started, and start it anew.";
    }

    /// <summary>The variables of this process that name models.</summary>
    public static IReadOnlyList<string> OfModels() => [.. OfServers(Environment.GetEnvironmentVariables().Keys.Cast<string>()).Where(IsOfModels)];

    static List<string> OfServers(IEnumerable<string> variables) =>
        [.. variables.Where(name => IsOfModels(name) || name.Equals(Database, StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal)];

    static bool IsOfModels(string name) => name.StartsWith(Models, StringComparison.OrdinalIgnoreCase);
}
