namespace Agents.Host.Streaming;

/// <summary>The newest facts of all runs that are kept in memory, and the readers that share them.</summary>
public sealed class TailWindow
{
    /// <summary>Facts kept in memory; a reader further behind reads the log.</summary>
    public const int MostFacts = 1_000;

    readonly Lock gate = new();
    readonly List<TenantFact> facts = [];
    TaskCompletionSource changed = New();
    long first;
    long settled;
    bool isFilled;
    int readers;

    /// <param name="Facts">Null when they are not in memory any more.</param>
    /// <param name="Position">Where the next view begins.</param>
    /// <param name="Settled">Up to this number of the log nothing can come any more.</param>
    /// <param name="Changed">Completes when there is something new.</param>
    public readonly record struct View(IReadOnlyList<TenantFact>? Facts, long Position, long Settled, Task Changed);

    /// <summary>Readers that have joined and not left.</summary>
    public int Readers
    {
        get { lock (gate) return readers; }
    }

    /// <summary>Whether it holds everything that came since some reader joined.</summary>
    public bool IsFilled
    {
        get { lock (gate) return isFilled; }
    }

    /// <summary>Counts a reader until it is disposed. While there are any, the window is filled.</summary>
    public IDisposable Join()
    {
        lock (gate) readers++;
        return new Reader(this);
    }

    /// <summary>Where a reader begins that wants what comes from now on.</summary>
    /// <returns>False while the window is not filled: wait for <see cref="View.Changed"/>, and try again.</returns>
    public bool TryBegin(out View view)
    {
        lock (gate)
        {
            view = new([], first + facts.Count, settled, changed.Task);
            return isFilled;
        }
    }

    /// <summary>What came since a position.</summary>
    public View Since(long position)
    {
        lock (gate)
        {
            var next = first + facts.Count;
            return new(position < first ? null : facts.GetRange((int)(position - first), (int)(next - position)), next, settled, changed.Task);
        }
    }

    /// <summary>Begins to be filled, with what comes from now on.</summary>
    /// <param name="settledNumber">Up to here nothing can come any more.</param>
    public void Begin(long settledNumber)
    {
        lock (gate)
        {
            (first, settled, isFilled) = (first + facts.Count, settledNumber, true);
            facts.Clear();
        }

        WakeReaders();
    }

    /// <summary>Ends to be filled if there are no readers. Whether there are none.</summary>
    public bool EndIfUnread()
    {
        lock (gate)
        {
            if (readers == 0) isFilled = false;
            return readers == 0;
        }
    }

    /// <summary>Adds facts as they were read, and says up to where nothing can come any more.</summary>
    public void Add(IReadOnlyCollection<TenantFact> fresh, long settledNumber)
    {
        lock (gate)
        {
            settled = settledNumber;
            facts.AddRange(fresh);
            var gone = Math.Max(0, facts.Count - MostFacts);
            facts.RemoveRange(0, gone);
            first += gone;
        }

        if (fresh.Count > 0) WakeReaders();
    }

    void WakeReaders()
    {
        TaskCompletionSource woken;
        lock (gate) (woken, changed) = (changed, New());
        woken.TrySetResult();
    }

    void Leave()
    {
        lock (gate) readers--;
    }

    static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    sealed class Reader(TailWindow window) : IDisposable
    {
        int hasLeft;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref hasLeft, 1) == 0) window.Leave();
        }
    }
}
