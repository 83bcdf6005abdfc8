using System.Diagnostics;
using System.Text;

namespace Agents.Host.Postgres;

/// <param name="Text">What it wrote on both outputs; at most <see cref="ChildProgram.LongestText"/> characters.</param>
sealed record ProgramOutcome(int ExitCode, string Text);

/// <summary>Runs the programs of PostgreSQL and waits for them.</summary>
static class ChildProgram
{
    public const int LongestText = 16_000;

    /// <summary>How long to wait for the rest of the output once a program is over: on Windows a server it started keeps the pipe open.</summary>
    static readonly TimeSpan Drain = TimeSpan.FromMilliseconds(500);

    /// <summary>Runs a program to its end. Cancelling ends the program, not a server it has started.</summary>
    public static async Task<ProgramOutcome> Run(ServerAccount account, string file, IEnumerable<string> arguments, CancellationToken ct)
    {
        using var process = Process.Start(Describe(account, file, arguments))!;
        process.StandardInput.Close();
        var text = new StringBuilder();
        var output = Task.WhenAll(Collect(process.StandardOutput, text), Collect(process.StandardError, text));
        try
        {
            await process.WaitForExitAsync(ct);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
        await Task.WhenAny(output, Task.Delay(Drain, CancellationToken.None));
        lock (text) return new ProgramOutcome(process.ExitCode, text.ToString().Trim());
    }

    static ProcessStartInfo Describe(ServerAccount account, string file, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = Path.GetPathRoot(AppContext.BaseDirectory), // ours may be closed to the account
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name); // PGDATA, PGHOST and so on would redirect what we ask for
        start.Environment["LC_ALL"] = "C"; // messages in English; on macOS a server without a valid locale does not start
        if (account.Name is null) return start;

        start.UserName = account.Name;
        start.Environment["HOME"] = "/";
        return start;
    }

    static async Task Collect(StreamReader reader, StringBuilder text)
    {
        var buffer = new char[1024];
        for (int read; (read = await reader.ReadAsync(buffer)) > 0;)
            lock (text) text.Append(buffer, 0, Math.Min(read, LongestText - text.Length));
    }
}
