using System.Diagnostics;
using Agents.Host.Cli;

namespace Agents.Host.Tests.Cli;

public sealed class IngestVerbTests : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly string folder = Directory.CreateTempSubdirectory("agents-ingest-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_pipe_and_a_link_to_itself_are_skipped_and_the_others_are_read()
    {
        if (OperatingSystem.IsWindows()) return;

        await File.WriteAllTextAsync(Path.Combine(folder, "pump.md"), "The pump needs oil.");
        using (var made = Process.Start("mkfifo", [Path.Combine(folder, "pipe.md")])) await made.WaitForExitAsync();
        File.CreateSymbolicLink(Path.Combine(folder, "self.md"), "self.md");
        await using var server = await VerbServer.Start();

        var whole = await server.Run("ingest", folder).WaitAsync(Patience);
        var alone = await server.Run("ingest", Path.Combine(folder, "pipe.md"), Path.Combine(folder, "self.md")).WaitAsync(Patience);

        Assert.Equal(ExitCodes.Ok, whole.ExitCode);
        Assert.Equal(
            "Read 1 document (1 new, 0 changed), 2 skipped: pipe.md (not a regular file), self.md (a link that does not lead to a file) · 1 passage\n",
            whole.Output);
        Assert.Equal(ExitCodes.NothingFound, alone.ExitCode);
        Assert.Contains("2 skipped", alone.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task A_signal_ends_it_while_a_document_is_read(string signal)
    {
        if (!OperatingSystem.IsLinux()) return;

        // The server takes as long as a document may.
        await File.WriteAllBytesAsync(Path.Combine(folder, "links.md"), Knowledge.HostileDocuments.All["links.md"]);
        await using var server = await VerbServer.Start();
        using var ingest = Process.Start(new ProcessStartInfo( // a shell's background job would hand on that it does not heed SIGINT
            "env", ["--default-signal=INT,TERM", "dotnet", Path.Combine(AppContext.BaseDirectory, "Agents.Host.dll"), "ingest", folder, "--server", server.Address])
        { RedirectStandardError = true, RedirectStandardOutput = true })!;
        await Task.Delay(TimeSpan.FromSeconds(2));
        Assert.False(ingest.HasExited);

        using (var kill = Process.Start("kill", [$"-{signal}", $"{ingest.Id}"])) await kill.WaitForExitAsync();

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await ingest.WaitForExitAsync(patience.Token);
        Assert.Equal(ExitCodes.Interrupted, ingest.ExitCode);
    }
}
