using System.Globalization;
using MysticMind.PostgresEmbed;

namespace Agents.Host.Postgres;

/// <summary>Fetches the server programs from Maven Central where none are installed. A bare set: without psql, without contrib libraries.</summary>
static class ProgramDownload
{
    const int PreferredMajor = 17;

    static readonly TimeSpan Limit = TimeSpan.FromMinutes(2); // some 10 to 30 MB

    /// <summary>Shared by all clusters of this machine's user.</summary>
    public static string Cache() => Path.Combine(EmbeddedServer.DefaultDirectory(), "programs");

    /// <returns>The bin directory, or why there is none.</returns>
    /// <param name="major">Null for our choice.</param>
    public static async Task<(string? Directory, string? Failure)> Try(int? major, EmbeddedServerOptions options, CancellationToken ct)
    {
        if (!options.MayDownload) return (null, "downloading them is not allowed");

        using var limited = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limited.CancelAfter(Limit);
        try
        {
            return (await Install(major ?? PreferredMajor, limited.Token), null);
        }
        catch (Exception failure) when (failure is PostgresEmbedException or HttpRequestException or IOException or UnauthorizedAccessException
            || (failure is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return (null, $"downloading them failed: {failure.GetBaseException().Message}");
        }
    }

    static async Task<string> Install(int major, CancellationToken ct)
    {
        Directory.CreateDirectory(Cache());
        var installer = new PgServerOptions
        {
            PgVersion = major.ToString(CultureInfo.InvariantCulture),
            DbDir = Cache(),
            BinariesDir = Cache(),
            DownloadRetryCount = 1,
        };
        await using var download = new PgServer(installer); // never started: its clusters run without fsync and without passwords
        await download.InstallAsync(ct);
        await OpenToAll(download.InstallDir, ct);
        return Path.Combine(download.InstallDir, "bin");
    }

    /// <summary>The account that runs the server may be another than the one that downloads.</summary>
    static async Task OpenToAll(string directory, CancellationToken ct)
    {
        if (!OperatingSystem.IsWindows()) await ChildProgram.Run(ServerAccount.Ours, "chmod", ["-R", "a+rX", directory], ct);
    }
}
