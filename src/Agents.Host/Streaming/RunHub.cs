using Agents.Domain.Runs;
using Agents.Host.Engine.Signals;
using Agents.Host.Log;

namespace Agents.Host.Streaming;

/// <summary>
/// What this node knows of a run that is followed here: its latest facts, and what the model is saying. All readers of the run share it.
/// </summary>
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
    long activeAt = Environment.TickCount64;
    bool hasEnded;
    bool isClosed;
    (int Call, int Attempt)? underWay;
    ReplyText? remoteText;

    public string Tenant => tenant;

    public Guid RunId => runId;

    /// <summary>The version read last.</summary>
    public long Last { get; private set; }

    public bool HasReaders => Volatile.Read(ref readers) > 0;

    /// <param name="Facts">Null when they are not in memory any more: read the log.</param>
    /// <param name="Text">Of the attempt under way; null when there is none, or when facts come before it.</param>
    /// <param name="HasEnded">Nothing more will come.</param>
    /// <param name="Changed">Completes when there is something new.</param>
    public readonly record struct View(IReadOnlyList<StreamedItem.Fact>? Facts, ReplyText? Text, bool HasEnded, Task Changed);

    /// <summary>What there is for a reader that has everything up to a version.</summary>
    public View Since(long version)
    {
        lock (gate)
        {
            if (version >= Last) return new([], underWay is { } attempt ? LocalText(attempt) ?? RemoteText(attempt) : null, hasEnded, changed.Task);
            var first = Last + 1 - window.Count;
            var facts = version + 1 < first ? null : window.Skip((int)(version + 1 - first)).Select(entry => entry.Fact).ToList();
            return new(facts, null, false, changed.Task);
        }
    }

    /// <summary>Counts a reader until it calls <see cref="Leave"/>. False when the hub is about to go: get another.</summary>
    public bool TryJoin()
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
            activeAt = Environment.TickCount64;
        }
    }

    /// <summary>Forgets what no reader needs. Whether the hub itself can go.</summary>
    public bool Tidy()
    {
        lock (gate)
        {
            var quiet = TimeSpan.FromMilliseconds(Environment.TickCount64 - activeAt);
            if (quiet > Quiet) Evict(0, 0);
            return isClosed |= readers == 0 && quiet > Linger;
        }
    }

    /// <summary>Adds facts as they were read; those known already, and those that leave a gap, are passed over.</summary>
    public void Add(IEnumerable<StreamedItem.Fact> facts)
    {
        lock (gate)
        {
            var before = Last;
            foreach (var fact in facts)
            {
                if (Last > 0 && fact.Stored.Version != Last + 1) continue;
                Last = fact.Stored.Version;
                Track(fact.Happened);
                var size = fact.Stored.Data.GetRawText().Length;
                window.Add((fact, size));
                characters += size;
            }

            if (Last == before) return;
            Evict(MostFacts, MostCharacters);
            activeAt = Environment.TickCount64;
        }

        WakeReaders();
    }

    /// <summary>Whether the attempt under way runs on another node, and how much of its text is known here.</summary>
    public bool NeedsRemoteText(out (int Call, int Attempt, int Known) wanted)
    {
        lock (gate)
        {
            wanted = default;
            if (underWay is not { } attempt || LocalText(attempt) is not null) return false;
            remoteText = RemoteText(attempt) ?? new(attempt.Call, attempt.Attempt);
            wanted = (attempt.Call, attempt.Attempt, remoteText.Length);
            return true;
        }
    }

    /// <summary>Adds a piece of an attempt's text that another node wrote down.</summary>
    public void AddRemoteText(int call, int attempt, int offset, string piece)
    {
        lock (gate)
        {
            if (RemoteText((call, attempt)) is not { } text || !text.Add(offset, piece)) return;
        }

        WakeReaders();
    }

    public void WakeReaders()
    {
        TaskCompletionSource woken;
        lock (gate) (woken, changed) = (changed, New());
        woken.TrySetResult();
    }

    void Track(RunEvent happened)
    {
        switch (happened)
        {
            case ModelCallStarted e: underWay = (e.Call, e.Attempt); break;
            case ModelCallCompleted or ModelCallFailed or ModelCallOutcomeUnknown: (underWay, remoteText) = (null, null); break;
            case RunCompleted or RunFailed or RunCancelled: hasEnded = true; break;
        }
    }

    ReplyText? LocalText((int Call, int Attempt) attempt) =>
        deltas.Of(runId) is { } text && text.Call == attempt.Call && text.Attempt == attempt.Attempt ? text : null;

    ReplyText? RemoteText((int Call, int Attempt) attempt) =>
        remoteText is { } text && text.Call == attempt.Call && text.Attempt == attempt.Attempt ? text : null;

    void Evict(int mostFacts, int mostCharacters)
    {
        var gone = 0;
        for (; window.Count - gone > mostFacts || characters > mostCharacters; gone++) characters -= window[gone].Characters;
        window.RemoveRange(0, gone);
    }

    static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
