using System.Diagnostics;

namespace Agents.Host.Tests.Responses;

/// <summary>Node and the packages of <c>node/package-lock.json</c>, for clients that are written in it.</summary>
static class Node
{
    public static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "node");

    static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    static readonly SemaphoreSlim Installing = new(1);

    /// <summary>Skips the test where Node is missing, or its packages cannot be had.</summary>
    public static async Task SkipUnlessInstalled()
    {
        Assert.SkipWhen(await Run("node", "--version") is null, "Node is not installed.");
        await Installing.WaitAsync();
        try
        {
            Assert.SkipUnless(await IsInstalled(), "npm could not install the packages.");
        }
        finally
        {
            Installing.Release();
        }
    }

    /// <summary>Installed once into the build output, exactly as the lock file says.</summary>
    static async Task<bool> IsInstalled() =>
        File.GetLastWriteTimeUtc(Path.Combine(Folder, "node_modules", ".package-lock.json")) // long ago where there is none
            > File.GetLastWriteTimeUtc(Path.Combine(Folder, "package-lock.json"))
            || await Run("npm", "ci --no-audit --no-fund --loglevel=error") is not null;

    /// <summary>What the program said, its errors after that when it failed; null when there is no such program, or npm failed.</summary>
    public static async Task<string?> Run(string program, string arguments, Action<string>? heard = null)
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
