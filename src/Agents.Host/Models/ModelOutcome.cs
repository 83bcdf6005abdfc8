using Agents.Domain.Costs;
using Agents.Domain.Runs;

namespace Agents.Host.Models;

/// <summary>How one call to a model ended.</summary>
/// <param name="Latency">From sending the request to the end.</param>
/// <param name="TimeToFirstToken">From sending the request to the first piece of the reply. Null when none came.</param>
public abstract record ModelOutcome(TimeSpan Latency, TimeSpan? TimeToFirstToken)
{
    /// <summary>A complete reply. Its texts are clean: see <see cref="Sanitiser"/>.</summary>
    /// <param name="Text">Empty when the model only asked for tools.</param>
    /// <param name="ToolRequests">In the model's order.</param>
    /// <param name="Citations">As the client annotated them, not yet matched with passages.</param>
    /// <param name="FinishReason"><c>length</c> also when this side stopped taking in text; see <paramref name="Cut"/>.</param>
    /// <param name="Model">The model that answered, or the one asked for when the provider did not say.</param>
    /// <param name="ProviderId">The provider's id of the reply. Null when it gave none.</param>
    /// <param name="Usage">Null when unknown.</param>
    /// <param name="RawUsage">As the provider sent it. Null when it sent none.</param>
    /// <param name="UsageNote">Why a usage report was not believed. Null when there is nothing to say.</param>
    /// <param name="Cut">Whether something of the reply was beyond <see cref="ModelLimits"/> and is missing here.</param>
    /// <param name="ServiceTier">The tier the provider says it served, as it names it. Null when it said none.</param>
    /// <param name="ThoughtCharacters">UTF-16 units that the model thought before it answered; not kept.</param>
    /// <param name="TakenBackCharacters">
    /// UTF-16 units of thought that were given out as text before its end told what it was; the answer's own text was not given out then.
    /// </param>
    public sealed record Answered(
        string Text,
        IReadOnlyList<ToolRequest> ToolRequests,
        IReadOnlyList<CitedSource> Citations,
        string FinishReason,
        string Model,
        string? ProviderId,
        Usage? Usage,
        string? RawUsage,
        string? UsageNote,
        bool Cut,
        TimeSpan Latency,
        TimeSpan? TimeToFirstToken,
        string? ServiceTier = null,
        long ThoughtCharacters = 0,
        int TakenBackCharacters = 0) : ModelOutcome(Latency, TimeToFirstToken);

    /// <summary>No complete reply. Whether it costs something is open unless the provider refused.</summary>
    /// <param name="ReceivedCharacters">Of text, thought and tool arguments before it failed: what an estimate of the spend can start from.</param>
    public sealed record Failed(Failure Failure, long ReceivedCharacters, TimeSpan Latency, TimeSpan? TimeToFirstToken)
        : ModelOutcome(Latency, TimeToFirstToken)
    {
        /// <summary>What the provider had counted before it failed. Null when it had said nothing that can be believed.</summary>
        public Usage? Usage { get; init; }

        /// <summary>The model that answered. Null when the provider did not say.</summary>
        public string? Model { get; init; }

        /// <summary>The tier the provider says it served, as it names it. Null when it said none.</summary>
        public string? ServiceTier { get; init; }

        /// <summary>What had come of the text, at most <see cref="ModelLimits.TextSoFar"/>. Null when nothing had.</summary>
        public string? Text { get; init; }
    }
}

/// <summary>A source the model named for a part of its text.</summary>
public sealed record CitedSource(string Title, string Snippet);
