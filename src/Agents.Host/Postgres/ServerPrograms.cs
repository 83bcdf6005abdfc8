using System.Globalization;
using System.Text.RegularExpressions;

namespace Agents.Host.Postgres;

/// <summary>One installation of PostgreSQL's server programs.</summary>
/// <param name="Directory">Its bin directory.</param>
/// <param name="Version">Such as <c>17.6</c>.</param>
public sealed partial record ServerPrograms(string Directory, int Major, string Version)
{
    /// <summary>The oldest major version we support.</summary>
    public const int OldestMajor = 14;

    static readonly string[] Needed = ["postgres", "initdb", "pg_ctl"];

    /// <summary>All that are installed here and not too old, in the order in which they would be tried.</summary>
    /// <param name="chosen">A bin directory, and no other; null to search.</param>
    internal static async Task<IReadOnlyList<ServerPrograms>> Installed(string? chosen, CancellationToken ct)
    {
        var found = new List<ServerPrograms>();
        foreach (var directory in ProgramDirectories.All(chosen).Where(IsComplete))
            if (await Describe(directory, ct) is { Major: >= OldestMajor } programs && !found.Contains(programs))
                found.Add(programs);
        return found;
    }

    /// <summary>The programs to run a cluster with, downloaded if need be and allowed.</summary>
    /// <exception cref="EmbeddedServerException">There are none.</exception>
    internal static async Task<ServerPrograms> For(ServerFiles files, EmbeddedServerOptions options, CancellationToken ct)
    {
        var installed = await Installed(options.Programs, ct);
        var major = files.Major();
        if (installed.FirstOrDefault(programs => major is null || programs.Major == major) is { } fitting) return fitting;

        var download = await ProgramDownload.Try(major, options, ct);
        if (download.Directory is { } directory && await Describe(directory, ct) is { } downloaded) return downloaded;
        throw major is { } wanted
            ? EmbeddedServerException.WrongMajor(files.Directory, wanted, installed, download.Failure)
            : EmbeddedServerException.NoPrograms(ProgramDirectories.All(options.Programs), download.Failure);
    }

    /// <summary>The programs a running server was started from, as it wrote down itself; others of its version if they have gone.</summary>
    internal static async Task<ServerPrograms> OfRunning(ServerFiles files, CancellationToken ct)
    {
        var written = Path.Combine(files.Cluster, "postmaster.opts"); // /path/to/postgres "-D" "…"
        var program = File.Exists(written) ? (await File.ReadAllTextAsync(written, ct)).Split(" \"")[0].Trim() : "";
        var directory = Path.GetDirectoryName(program);
        if (!string.IsNullOrEmpty(directory) && IsComplete(directory) && await Describe(directory, ct) is { } programs) return programs;
        return await For(files, new EmbeddedServerOptions { MayDownload = false }, ct);
    }

    /// <summary>The full path of one of the programs.</summary>
    public string this[string program] => Path.Combine(Directory, FileName(program));

    /// <summary>Whether a loadable library is installed. Unsure counts as no: asking for a missing one keeps the server from starting.</summary>
    internal bool HasLibrary(string name)
    {
        var root = Path.GetDirectoryName(Path.GetFullPath(Directory)) ?? Directory;
        var extension = OperatingSystem.IsWindows() ? ".dll" : OperatingSystem.IsMacOS() && Major >= 16 ? ".dylib" : ".so";
        var library = Path.Combine(root, "lib");
        string[] places = [library, Path.Combine(library, "postgresql"), Path.Combine(library, $"postgresql@{Major}"), $"/usr/lib/postgresql{Major}"];
        return places.Any(place => File.Exists(Path.Combine(place, name + extension)));
    }

    internal static string FileName(string program) => OperatingSystem.IsWindows() ? program + ".exe" : program;

    static bool IsComplete(string directory) =>
        Needed.All(program => File.Exists(Path.Combine(directory, FileName(program))));

    /// <summary>Null when the programs do not run here.</summary>
    static async Task<ServerPrograms?> Describe(string found, CancellationToken ct)
    {
        var directory = Real(found);
        try
        {
            var said = await ChildProgram.Run(ServerAccount.Ours, Path.Combine(directory, FileName("postgres")), ["--version"], ct);
            var version = VersionPattern().Match(said.Text);
            if (said.ExitCode != 0 || !version.Success) return null;
            return new ServerPrograms(directory, int.Parse(version.Groups["major"].Value, CultureInfo.InvariantCulture), version.Groups["all"].Value);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // not for this machine, or not executable
        }
    }

    /// <summary>Where links such as those in /usr/local/bin lead, if all programs are there.</summary>
    static string Real(string directory)
    {
        var program = File.ResolveLinkTarget(Path.Combine(directory, FileName("postgres")), returnFinalTarget: true);
        return program is not null && Path.GetDirectoryName(program.FullName) is { } real && IsComplete(real) ? real : directory;
    }

    [GeneratedRegex(@"\(PostgreSQL\) (?<all>(?<major>\d+)\S*)")]
    private static partial Regex VersionPattern();
}
