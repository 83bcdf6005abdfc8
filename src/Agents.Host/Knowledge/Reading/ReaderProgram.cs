using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Agents.Host.Knowledge.Reading;

/// <summary>
/// The process that reads documents, one after the other, until its input ends. It has no settings, no keys and no database; what happens to it
/// happens to one document.
/// </summary>
public static class ReaderProgram
{
    /// <summary>The verb that starts it; not for people.</summary>
    public const string Verb = "read-documents";

    /// <summary>Enough for parsers that call themselves for each of the levels they allow.</summary>
    const int StackBytes = 16 * 1024 * 1024;

    /// <summary>Who started the process ends it in time; if that one is gone, it ends itself so many seconds later.</summary>
    const int Grace = 5;

    /// <summary>Reads documents from the standard input, answers on the standard output.</summary>
    public static int Run()
    {
        using var input = Console.OpenStandardInput();
        using var output = Console.OpenStandardOutput();
        Console.SetOut(TextWriter.Null);
        // Ctrl+C reaches all processes of a terminal, and SIGTERM all of a service; this one ends when its input does.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        using var end = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => signal.Cancel = true);
        Write(output, new ReadAnswer());
        while (Next(input) is { } request)
        {
            var content = new byte[request.Bytes];
            input.ReadExactly(content);
            var longest = TimeSpan.FromSeconds(request.Limits.ReadingSeconds + Grace);
            using var late = new Timer(_ => Environment.Exit(1), null, longest, Timeout.InfiniteTimeSpan);
            if (!Answer(request, content, output)) return 1;
        }

        return 0;
    }

    /// <summary>False when the process should not go on.</summary>
    static bool Answer(ReadRequest request, byte[] content, Stream output)
    {
        ReadAnswer? failure = null;
        var reading = new Thread(() => failure = Failure(request, content, output), StackBytes);
        reading.Start();
        reading.Join();
        if (failure is not null) Write(output, failure);
        return failure is not { IsOver: true };
    }

    static ReadAnswer? Failure(ReadRequest request, byte[] content, Stream output)
    {
        try
        {
            var read = DocumentReader.ReadPassages(request.Name, request.MediaType, content, request.Limits);
            foreach (var some in read.Passages.Chunk(ReaderMessages.PassagesAtOnce)) Write(output, new ReadAnswer(some));
            Write(output, new ReadAnswer(End: read with { Passages = [] }));
            return null;
        }
        catch (UnreadableDocumentException unreadable)
        {
            return new ReadAnswer(Failure: unreadable.Message);
        }
        catch (OutOfMemoryException)
        {
            return new ReadAnswer(Failure: $"reading it takes more than {request.Limits.ReaderBytes / (1024 * 1024)} MiB of memory", IsOver: true);
        }
    }

    static ReadRequest? Next(Stream input)
    {
        var length = new byte[sizeof(int)];
        if (input.ReadAtLeast(length, length.Length, throwOnEndOfStream: false) < length.Length) return null;

        var message = new byte[BinaryPrimitives.ReadInt32LittleEndian(length)];
        input.ReadExactly(message);
        return JsonSerializer.Deserialize(message, ReaderMessages.Plain.ReadRequest);
    }

    static void Write(Stream output, ReadAnswer answer)
    {
        output.Write(Message(answer, ReaderMessages.Plain.ReadAnswer));
        output.Flush();
    }

    /// <summary>A message as it is sent, its length before it.</summary>
    internal static byte[] Message<T>(T message, JsonTypeInfo<T> type)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(message, type);
        var bytes = new byte[sizeof(int) + json.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, sizeof(int));
        return bytes;
    }
}
