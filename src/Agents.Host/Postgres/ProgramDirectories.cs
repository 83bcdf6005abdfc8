namespace Agents.Host.Postgres;

/// <summary>Where the programs of PostgreSQL usually are, the most deliberate choice first and newer versions before older ones.</summary>
static class ProgramDirectories
{
    /// <summary>Names the one bin directory to use.</summary>
    public const string Variable = "AGENTS_PG_BIN";

    /// <summary>Parent, pattern of the version's directory, and what follows it.</summary>
    static readonly (string Parent, string Pattern, string Tail)[] Usual =
    [
        ("/usr/lib/postgresql", "*", "bin"), // Debian, Ubuntu
        ("/usr", "pgsql-*", "bin"), // the PostgreSQL project's packages for Red Hat and SUSE
        ("/usr/libexec", "postgresql*", ""), // Alpine
        ("/opt/homebrew/opt", "postgresql*", "bin"),
        ("/usr/local/opt", "postgresql*", "bin"), // Homebrew on Intel
        ("/Applications/Postgres.app/Contents/Versions", "*", "bin"),
        (Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "PostgreSQL"), "*", "bin"),
    ];

    /// <summary>One's own choice and nothing else where there is one, else everywhere. Some do not exist.</summary>
    /// <param name="chosen">From the options; null to ask the environment.</param>
    public static IReadOnlyList<string> All(string? chosen)
    {
        chosen ??= Environment.GetEnvironmentVariable(Variable);
        if (!string.IsNullOrEmpty(chosen)) return [Path.GetFullPath(chosen)];

        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return [.. path.Concat(Usual.SelectMany(usual => Versions(usual.Parent, usual.Pattern, usual.Tail))).Concat(Downloaded()).Distinct()];
    }

    /// <summary>What <see cref="ProgramDownload"/> has brought.</summary>
    static IEnumerable<string> Downloaded() => Directory.Exists(ProgramDownload.Cache())
        ? Directory.EnumerateDirectories(ProgramDownload.Cache(), "postgres-*").OrderDescending().Select(download => Path.Combine(download, "bin"))
        : [];

    static IEnumerable<string> Versions(string parent, string pattern, string tail) => Path.IsPathRooted(parent) && Directory.Exists(parent)
        ? Directory.EnumerateDirectories(parent, pattern).OrderByDescending(VersionIn).Select(version => Path.Combine(version, tail))
        : [];

    static double VersionIn(string directory)
    {
        var name = Path.GetFileName(directory).SkipWhile(c => !char.IsAsciiDigit(c));
        var digits = string.Concat(name.TakeWhile(c => char.IsAsciiDigit(c) || c == '.'));
        return double.TryParse(digits, System.Globalization.CultureInfo.InvariantCulture, out var version) ? version : 0;
    }
}
