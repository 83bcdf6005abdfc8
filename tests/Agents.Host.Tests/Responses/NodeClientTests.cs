using System.Diagnostics;

namespace Agents.Host.Tests.Responses;

/// <summary>The openai package for Node, unmodified, over a real connection. Skipped where Node is missing or the package cannot be had.</summary>
public sealed class NodeClientTests(LiveServer server)
{
    static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "node");

    static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task The_client_asks_streams_resumes_cancels_and_repeats_a_dropped_request_without_a_second_run()
    {
        Assert.SkipWhen(await Run("node", "--version") is null, "Node is not installed.");
        Assert.SkipUnless(await IsInstalled(), "npm could not install the openai package.");
        var cut = new TaskCompletionSource();
        server.Model
            .Says("Tell me a long story, node.", new Spoken("Once ", "upon ", cut.Task, "a ", "time."))
            .Says("Never answer this, node.", new TaskCompletionSource().Task, "Too late.")
            .Says("My name is Ada, node.", "Hello Ada.").Says("What is my name, node?", "Ada.");

        var said = await Run("node", $"clients.mjs {server.V1}", line =>
        {
            if (line == "cut") cut.SetResult();
        });

        Assert.NotNull(said);
        Assert.EndsWith("create\naccumulate\ncut\nresume\ncancel\nretry\ndone\n", said);
        Assert.Single(await server.Runs("Only once, node."));
    }

    /// <summary>Installed once into the build output, exactly as the lock file says.</summary>
    static async Task<bool> IsInstalled() =>
        File.Exists(Path.Combine(Folder, "node_modules", ".package-lock.json"))
            || await Run("npm", "ci --no-audit --no-fund --loglevel=error") is not null;

    /// <summary>What the program said, its errors after that when it failed; null when there is no such program, or npm failed.</summary>
    static async Task<string?> Run(string program, string arguments, Action<string>? heard = null)
    {
        using var process = new Process
        {
            StartInfo = new(OperatingSystem.IsWindows() ? "cmd" : program, OperatingSystem.IsWindows() ? $"/c {program} {arguments}" : arguments)
            {
                WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true,
            },
        };
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }

        using var patience = new CancellationTokenSource(Patience);
        var errors = process.StandardError.ReadToEndAsync(patience.Token);
        var said = "";
        try
        {
            while (await process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
            {
                said += line + "\n";
                heard?.Invoke(line);
            }

            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException) when (program == "npm")
        {
            return null; // it waits for a network that is not there
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }

        if (process.ExitCode == 0) return said;
        return program == "npm" ? null : said + await errors;
    }
}
