using Agents.Domain.Runs;

namespace Agents.Host.Log;

/// <summary>What a follower of a run is given, in the run's order.</summary>
public abstract record StreamedItem
{
    StreamedItem() { }

    /// <summary>A stored fact. All readers of this node share the instance.</summary>
    /// <param name="Stored">As the API shows it.</param>
    /// <param name="Happened">The same fact, for code that decides by it.</param>
    public sealed record Fact(EventView Stored, RunEvent Happened) : StreamedItem
    {
        /// <summary>Its frames in the facts format, made for the first reader that needs them.</summary>
        internal FramesOfFact? Frames { get; set; }
    }

    /// <summary>
    /// A piece of a model's reply while it is written. It stands after the fact <c>model_call_started</c> of its attempt and before the attempt's
    /// outcome. A reader that got one piece of an attempt that completes gets all of it: the pieces add up to the reply's text.
    /// </summary>
    /// <param name="Offset">UTF-16 units of the attempt's text before this piece. 0 begins the text anew.</param>
    public sealed record Delta(int Call, int Attempt, int Offset, string Text) : StreamedItem
    {
        internal Frame? Frame { get; set; }
    }

    /// <summary>The text of this attempt is void: it failed or was lost. Stands before the fact that says so.</summary>
    public sealed record AttemptReset(int Call, int Attempt) : StreamedItem;

    /// <summary>Nothing has happened for a while.</summary>
    public sealed record Heartbeat : StreamedItem
    {
        public static readonly Heartbeat Instance = new();
    }
}
