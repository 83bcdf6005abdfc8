using System.Buffers.Binary;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Agents.Host.Knowledge.Reading;

/// <summary>A process of this program that reads documents for this one, with a limit of its own on memory.</summary>
sealed class ReaderProcess : IDisposable
{
    /// <summary>Documents after which a new process takes over: parsers are not known to give everything back.</summary>
    const int MostDocuments = 500;

    static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    /// <summary>What the process is given of this one's environment: where .NET and its files are, no keys and no settings.</summary>
    static readonly string[] Inherited =
    [
        "PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SystemRoot", "USERPROFILE", "LD_LIBRARY_PATH", "DOTNET_ROOT", "DOTNET_ROOT_X64",
        "DOTNET_ROOT_ARM64",
    ];

    readonly Process process;
    readonly KnowledgeLimits limits;
    int documents;

    ReaderProcess(Process process, KnowledgeLimits limits) => (this.process, this.limits) = (process, limits);

    /// <summary>Whether it may read another document: the last one was answered to its end.</summary>
    public bool CanGoOn { get; private set; }

    /// <summary>Whether it ended by itself.</summary>
    public bool HasEnded => process.HasExited;

    /// <summary>When it was last used, by <see cref="Environment.TickCount64"/>.</summary>
    public long LastUsed { get; private set; }

    /// <summary>Starts a process and waits until it takes documents.</summary>
    public static async Task<ReaderProcess> Start(KnowledgeLimits limits, CancellationToken ct)
    {
        var reader = new ReaderProcess(Process.Start(Describe(limits))!, limits);
        try
        {
            _ = reader.process.StandardError.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
            StepBack(reader.process);
            using var time = CancellationTokenSource.CreateLinkedTokenSource(ct);
            time.CancelAfter(StartLimit);
            await using var end = time.Token.Register(reader.Kill);
            if (await reader.Next(time.Token) is null) throw new InvalidOperationException("The process that reads documents does not start.");
            reader.CanGoOn = true;
            return reader;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            reader.Dispose();
            throw new InvalidOperationException("The process that reads documents does not start.");
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>Reads a document. Cancelling ends the process.</summary>
    /// <returns>Null when the process ended before its answer did, by this document or by something else.</returns>
    /// <exception cref="UnreadableDocumentException">It cannot be read, or not within the limits; the message says which.</exception>
    public async Task<ReadDocument?> Read(string name, string? mediaType, HeldContent content, CancellationToken ct)
    {
        CanGoOn = false;
        using var time = CancellationTokenSource.CreateLinkedTokenSource(ct);
        time.CancelAfter(TimeSpan.FromSeconds(limits.ReadingSeconds));
        await using var end = time.Token.Register(Kill); // a read from a pipe ends with the process at its other end, whatever the system
        try
        {
            var request = new ReadRequest(name, mediaType, (int)content.Length, limits);
            await process.StandardInput.BaseStream.WriteAsync(ReaderProgram.Message(request, ReaderMessages.Plain.ReadRequest), time.Token);
            await content.CopyTo(process.StandardInput.BaseStream, time.Token);
            await process.StandardInput.BaseStream.FlushAsync(time.Token);
            if (await Answer(time.Token) is { } read) return read;
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // It is over; why, the tokens tell.
        }

        ct.ThrowIfCancellationRequested();
        if (time.IsCancellationRequested) throw new UnreadableDocumentException($"reading it takes longer than {limits.ReadingSeconds} s");
        return null;
    }

    /// <summary>Null when the process ended before its answer did.</summary>
    async Task<ReadDocument?> Answer(CancellationToken ct)
    {
        var passages = new List<SplitPassage>();
        var characters = 0L;
        while (await Next(ct) is { } part)
        {
            passages.AddRange(part.Passages ?? []);
            characters += part.Passages?.Sum(passage => (long)passage.Text.Length) ?? 0;
            // Twice the text: passages repeat a little of those before. More is not what this program writes.
            if (characters > 2L * limits.TextCharacters) return null;
            if (part.End is null && part.Failure is null) continue;

            CanGoOn = !part.IsOver && ++documents < MostDocuments;
            LastUsed = Environment.TickCount64;
            return part.Failure is null ? part.End! with { Passages = passages } : throw new UnreadableDocumentException(part.Failure);
        }

        return null;
    }

    /// <summary>Null when the process has ended, or writes something else.</summary>
    async Task<ReadAnswer?> Next(CancellationToken ct)
    {
        var output = process.StandardOutput.BaseStream;
        var length = new byte[sizeof(int)];
        if (await output.ReadAtLeastAsync(length, length.Length, throwOnEndOfStream: false, ct) < length.Length) return null;
        if (BinaryPrimitives.ReadInt32LittleEndian(length) is not (> 0 and <= ReaderMessages.Longest and var announced)) return null;

        var message = new byte[announced];
        if (await output.ReadAtLeastAsync(message, announced, throwOnEndOfStream: false, ct) < announced) return null;
        try
        {
            return JsonSerializer.Deserialize(message, ReaderMessages.Plain.ReadAnswer);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static ProcessStartInfo Describe(KnowledgeLimits limits)
    {
        var (file, arguments) = Program();
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
        };
        foreach (var name in start.Environment.Keys.Except(Inherited, StringComparer.OrdinalIgnoreCase).ToList()) start.Environment.Remove(name);
        start.Environment["DOTNET_GCHeapHardLimit"] = limits.ReaderBytes.ToString("X", CultureInfo.InvariantCulture);
        start.Environment["DOTNET_gcConcurrent"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0"; // a process that lives for seconds gains nothing from counting its own calls
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        return start;
    }

    /// <summary>This program, whether it runs by itself, through <c>dotnet</c>, or inside a program of tests.</summary>
    static (string File, string[] Arguments) Program()
    {
        var program = typeof(ReaderProcess).Assembly;
        var isDotnet = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";
        if (Assembly.GetEntryAssembly() == program && !isDotnet) return (Environment.ProcessPath!, [ReaderProgram.Verb]);

        // The runtime stands in shared/Microsoft.NETCore.App/VERSION beside the program that starts others.
        var home = Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..");
        var dotnet = Path.GetFullPath(Path.Combine(home, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
        return (isDotnet ? Environment.ProcessPath! : dotnet, [program.Location, ReaderProgram.Verb]);
    }

    /// <summary>Requests go first: reading waits for processors that have nothing else to do.</summary>
    static void StepBack(Process process)
    {
        try
        {
            process.PriorityClass = ProcessPriorityClass.BelowNormal;
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            // It is over already, or the system does not allow it.
        }
    }

    void Kill()
    {
        try
        {
            process.Kill();
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            // It is over.
        }
    }

    public void Dispose()
    {
        Kill();
        process.Dispose();
    }
}
