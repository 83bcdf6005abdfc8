namespace Agents.Host.Engine.Signals;

/// <summary>Something is new about a run.</summary>
/// <param name="MovesTheQueue">It wants a slot or gives one back.</param>
/// <param name="Ends">It was cancelled or failed: its calls in flight are in vain.</param>
public readonly record struct Signal(Guid RunId, bool MovesTheQueue, bool Ends, News News = News.Facts)
{
    public Signal(Guid runId, News news) : this(runId, false, false, news)
    {
    }
}

/// <summary>What a signal is about.</summary>
public enum News
{
    /// <summary>The run was written to.</summary>
    Facts,

    /// <summary>A model has said more, which stands in <c>agents.delta</c>.</summary>
    Text,

    /// <summary>The run has readers who want to see what a model says.</summary>
    Followed,

    /// <summary>A schedule was changed; it is about no run.</summary>
    Schedules,
}
