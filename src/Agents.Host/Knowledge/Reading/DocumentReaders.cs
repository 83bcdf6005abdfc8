namespace Agents.Host.Knowledge.Reading;

/// <summary>
/// Reads documents in processes of their own, at most <see cref="KnowledgeLimits.Readers"/> at a time and one for each tenant; others wait. A process
/// is kept for the next document, unless the last one ended it, and goes away when there is nothing to read.
/// </summary>
public sealed class DocumentReaders : IDisposable
{
    /// <summary>How long a process that has nothing to read is kept.</summary>
    static readonly TimeSpan Kept = TimeSpan.FromSeconds(30);

    readonly KnowledgeLimits limits;
    readonly SemaphoreSlim places;
    readonly TenantTurns turns = new();
    readonly Stack<ReaderProcess> idle = new();
    readonly Timer round;
    bool isDisposed;

    public DocumentReaders(KnowledgeLimits limits)
    {
        this.limits = limits;
        places = new(limits.Readers);
        round = new(_ => End(reader => Environment.TickCount64 - reader.LastUsed > Kept.TotalMilliseconds), null, Kept / 3, Kept / 3);
    }

    /// <summary>The document in passages.</summary>
    /// <param name="ct">Cancelling ends the process that reads.</param>
    /// <exception cref="UnreadableDocumentException">It cannot be read, or not within the limits; the message says which.</exception>
    internal async Task<ReadDocument> Read(string tenant, string name, string? mediaType, HeldContent content, CancellationToken ct)
    {
        using var turn = await turns.Take(tenant, ct);
        await places.WaitAsync(ct);
        try
        {
            // A process that was kept may end for no fault of this document: what the next, fresh one does counts.
            if (Idle() is { } kept && await Read(kept, name, mediaType, content, ct) is { } read) return read;
            return await Read(await ReaderProcess.Start(limits, ct), name, mediaType, content, ct) ?? throw new UnreadableDocumentException(
                "reading it ended the process that reads: it takes too much memory, or is nested too deep");
        }
        finally
        {
            places.Release();
        }
    }

    async Task<ReadDocument?> Read(ReaderProcess reader, string name, string? mediaType, HeldContent content, CancellationToken ct)
    {
        try
        {
            return await reader.Read(name, mediaType, content, ct);
        }
        finally
        {
            Keep(reader);
        }
    }

    public void Dispose()
    {
        lock (idle) isDisposed = true;
        End(_ => true);
        round.Dispose();
        places.Dispose();
    }

    ReaderProcess? Idle()
    {
        lock (idle)
        {
            while (idle.TryPop(out var reader))
            {
                if (!reader.HasEnded) return reader;
                reader.Dispose();
            }
        }

        return null;
    }

    void Keep(ReaderProcess reader)
    {
        lock (idle)
        {
            if (reader.CanGoOn && !isDisposed) idle.Push(reader);
            else reader.Dispose();
        }
    }

    void End(Func<ReaderProcess, bool> isOver)
    {
        lock (idle)
        {
            var all = idle.ToArray();
            idle.Clear();
            foreach (var reader in all.Reverse())
            {
                if (isOver(reader)) reader.Dispose();
                else idle.Push(reader);
            }
        }
    }
}
