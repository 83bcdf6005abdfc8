using System.Diagnostics;

namespace Agents.Host.Engine.Signals;

/// <summary>
/// The text of an attempt that is under way on this node, and how much of it was written down. Dispose it when the model has ended.
/// </summary>
public sealed class OpenReply(Deltas deltas, string tenant, Guid runId, ReplyText text) : IDisposable
{
    /// <summary>A node that asks for the text repeats it every second.</summary>
    static readonly TimeSpan AskedFor = TimeSpan.FromSeconds(4);

    readonly Lock gate = new();
    int shown;
    bool hasEnded;
    bool isWritten;
    long? askedAt;

    public string Tenant => tenant;

    public Guid RunId => runId;

    public ReplyText Text => text;

    /// <summary>UTF-16 units that stand in the table.</summary>
    internal int Written { get; private set; }

    internal long WrittenAt { get; private set; } = Stopwatch.GetTimestamp();

    /// <summary>Whether another node has lately asked for the text.</summary>
    public bool IsAsked
    {
        get { lock (gate) return askedAt is { } at && Stopwatch.GetElapsedTime(at) < AskedFor; }
    }

    /// <summary>The model has said this. Waits for no reader.</summary>
    public void Append(string piece)
    {
        text.Append(piece);
        deltas.HasGrown();
    }

    /// <summary>Another node asks for the text.</summary>
    internal void Ask()
    {
        lock (gate) askedAt = Stopwatch.GetTimestamp();
    }

    /// <summary>Whether the text has grown since this was asked last.</summary>
    internal bool IsNews()
    {
        var length = text.Length;
        var isNews = length > shown;
        shown = length;
        return isNews;
    }

    /// <summary>False when the attempt has ended: what would be written then would stay in the table.</summary>
    internal bool TryBeginWriting()
    {
        lock (gate)
        {
            if (hasEnded) return false;
            return isWritten = true;
        }
    }

    internal void WasWritten(int upTo) => (Written, WrittenAt) = (upTo, Stopwatch.GetTimestamp());

    public void Dispose()
    {
        lock (gate)
        {
            if (hasEnded) return;
            hasEnded = true;
        }

        deltas.End(this, isWritten);
    }
}
