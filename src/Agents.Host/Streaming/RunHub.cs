using Agents.Domain.Runs;
using Agents.Host.Engine.Signals;
using Agents.Host.Log;

namespace Agents.Host.Streaming;

/// <summary>What this node knows of a run that is followed here: its latest facts, and what the model is saying. All readers of the run share it.</summary>
sealed class RunHub(string tenant, Guid runId, Deltas deltas)
{
    /// <summary>Facts kept in memory; a reader further behind reads the log.</summary>
    public const int MostFacts = 100;

    /// <summary>UTF-16 units of facts kept in memory.</summary>
    const int MostCharacters = 256 * 1024;

    /// <summary>How long a hub without readers is kept: they may come back.</summary>
    static readonly TimeSpan Linger = TimeSpan.FromSeconds(5);

    /// <summary>A hub in which nothing happens for so long keeps no facts: its readers have them.</summary>
    static readonly TimeSpan Quiet = TimeSpan.FromSeconds(30);

    readonly Lock gate = new();
    readonly List<(StreamedItem.Fact Fact, int Characters)> window = [];
    TaskCompletionSource changed = New();
    int characters;
    int readers;
    long at = Environment.TickCount64;
    bool hasEnded;
    bool isClosed;
    (int Call, int Attempt)? open;
    ReplyText? elsewhere;

    public string Tenant => tenant;

    public Guid RunId => runId;

    /// <summary>The version read last.</summary>
    public long Last { get; private set; }

    public bool HasReaders => Volatile.Read(ref readers) > 0;

    /// <summary>The attempt whose text comes from another node, and how much of it is known; null when there is none.</summary>
    public (int Call, int Attempt, int Known)? SpokenElsewhere
    {
        get
        {
            lock (gate)
            {
                if (open is not { } attempt || Here(attempt) is not null) return null;
                if (elsewhere is null || elsewhere.Call != attempt.Call || elsewhere.Attempt != attempt.Attempt) elsewhere = new(attempt.Call, attempt.Attempt);
                return (attempt.Call, attempt.Attempt, elsewhere.Length);
            }
        }
    }

    /// <summary>What there is for a reader that has everything up to a version.</summary>
    /// <param name="Facts">Null when they are not in memory any more: read the log.</param>
    /// <param name="Text">Of the attempt under way; null when there is none, or when facts come before it.</param>
    /// <param name="HasEnded">Nothing more will come.</param>
    /// <param name="Changed">Completes when there is something new.</param>
    public readonly record struct View(IReadOnlyList<StreamedItem.Fact>? Facts, ReplyText? Text, bool HasEnded, Task Changed);

    public View See(long after)
    {
        lock (gate)
        {
            if (after >= Last) return new([], open is { } attempt ? Here(attempt) ?? TextFrom(attempt) : null, hasEnded, changed.Task);
            var first = Last + 1 - window.Count;
            return new(after + 1 < first ? null : [.. window.Skip((int)(after + 1 - first)).Select(entry => entry.Fact)], null, false, changed.Task);
        }
    }

    /// <summary>False when the hub is about to go: get another.</summary>
    public bool TryEnter()
    {
        lock (gate)
        {
            if (isClosed) return false;
            readers++;
            return true;
        }
    }

    public void Leave()
    {
        lock (gate)
        {
            readers--;
            at = Environment.TickCount64;
        }
    }

    /// <summary>Forgets what nobody needs. Whether the hub itself can go.</summary>
    public bool Tidy()
    {
        lock (gate)
        {
            var quiet = TimeSpan.FromMilliseconds(Environment.TickCount64 - at);
            if (quiet > Quiet) Evict(0, 0);
            return isClosed |= readers == 0 && quiet > Linger;
        }
    }

    /// <summary>Takes facts as they were read; those known already, and those that leave a gap, are passed over.</summary>
    public void Take(IEnumerable<StreamedItem.Fact> facts)
    {
        lock (gate)
        {
            var before = Last;
            foreach (var fact in facts)
            {
                if (Last > 0 && fact.Stored.Version != Last + 1) continue;
                Last = fact.Stored.Version;
                Note(fact.Happened);
                var size = fact.Stored.Data.GetRawText().Length;
                window.Add((fact, size));
                characters += size;
            }

            if (Last == before) return;
            Evict(MostFacts, MostCharacters);
            at = Environment.TickCount64;
        }

        WakeReaders();
    }

    /// <summary>Takes pieces of an attempt's text that another node wrote down.</summary>
    public void Take(int call, int attempt, int offset, string piece)
    {
        lock (gate)
        {
            if (elsewhere is not { } text || text.Call != call || text.Attempt != attempt || !text.Add(offset, piece)) return;
        }

        WakeReaders();
    }

    /// <summary>Wakes all readers.</summary>
    public void WakeReaders()
    {
        TaskCompletionSource woken;
        lock (gate) (woken, changed) = (changed, New());
        woken.TrySetResult();
    }

    void Note(RunEvent happened)
    {
        switch (happened)
        {
            case ModelCallStarted e: open = (e.Call, e.Attempt); break;
            case ModelCallCompleted or ModelCallFailed or ModelCallOutcomeUnknown: (open, elsewhere) = (null, null); break;
            case RunCompleted or RunFailed or RunCancelled: hasEnded = true; break;
        }
    }

    ReplyText? Here((int Call, int Attempt) attempt) =>
        deltas.Of(runId) is { } text && text.Call == attempt.Call && text.Attempt == attempt.Attempt ? text : null;

    ReplyText? TextFrom((int Call, int Attempt) attempt) =>
        elsewhere is { } text && text.Call == attempt.Call && text.Attempt == attempt.Attempt ? text : null;

    void Evict(int mostFacts, int mostCharacters)
    {
        var gone = 0;
        for (; window.Count - gone > mostFacts || characters > mostCharacters; gone++) characters -= window[gone].Characters;
        window.RemoveRange(0, gone);
    }

    static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
