using System.Text.Json.Serialization;

namespace Agents.Domain.Runs;

/// <summary>What a model answered: text, tool calls, or both.</summary>
/// <param name="Text">Empty when the model only asked for tools.</param>
/// <param name="ToolRequests">In the model's order; empty when it asked for none.</param>
/// <param name="Citations">Which of the passages it was shown the text refers to; see <see cref="Citation"/>.</param>
/// <param name="Model">The model that answered, which may be more specific than the one asked for.</param>
/// <param name="FinishReason">As the provider names it, such as <c>stop</c>, <c>length</c> or <c>tool_calls</c>.</param>
/// <param name="ProviderId">The provider's id of this reply, to match it with the provider's bill. Null when it gave none.</param>
/// <param name="ThoughtCharacters">UTF-16 units that the model thought before it answered. They were paid for and are not kept.</param>
/// <param name="Output">The text as JSON without white space, where it fits the step's schema. Null when it does not, and without a schema.</param>
/// <param name="OutputProblems">
/// Why the text does not fit the step's schema, in sentences that name the place in the JSON; the first eight. Null when it fits, when tools are
/// asked for, and without a schema.
/// </param>
/// <param name="TakenBackCharacters">
/// UTF-16 units of thought that readers of the stream were shown as text, until its end told what it was. 0 usually.
/// </param>
public sealed record ModelReply(
    string Text,
    IReadOnlyList<ToolRequest> ToolRequests,
    IReadOnlyList<Citation> Citations,
    string Model,
    string FinishReason,
    string? ProviderId = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] long ThoughtCharacters = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Output = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? OutputProblems = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int TakenBackCharacters = 0)
{
    /// <summary>
    /// Why the text is not all that the model would have said: <c>length</c> or <c>content_filter</c>. Null when it is.
    /// </summary>
    public string? CutBy() => FinishReason is "length" or "content_filter" ? FinishReason : null;
}

/// <summary>A tool call as the model wrote it.</summary>
/// <param name="Tool">The name the model used, known or not.</param>
/// <param name="Arguments">JSON exactly as the model wrote it, valid or not.</param>
public sealed record ToolRequest(string Tool, string Arguments);

/// <summary>A reference from an answer to the passage it rests on.</summary>
/// <param name="Number">The number in the text, such as 1 for <c>[1]</c>.</param>
/// <param name="DocumentVersion">From 1; documents are never changed in place.</param>
/// <param name="Source">The document's name, such as a path.</param>
/// <param name="Quote">The words taken over literally. Null when the model wrote in its own words.</param>
public sealed record Citation(
    int Number, string DocumentId, int DocumentVersion, string PassageId, string Source, string Title, string? Quote = null);

/// <summary>A piece of a document that a retrieval found, as it read when it was found.</summary>
/// <param name="DocumentVersion">From 1; the same content never makes a new version.</param>
/// <param name="PassageId">Names one passage of one document version for ever.</param>
/// <param name="Source">The document's name, such as a path.</param>
/// <param name="Title">The headings above the passage, outermost first, joined by <c> › </c>.</param>
/// <param name="Text">What the model is shown. At most a few hundred words.</param>
/// <param name="Score">As the index scores it, higher is better; comparable within one retrieval only.</param>
public sealed record Passage(
    string DocumentId, int DocumentVersion, string PassageId, string Source, string Title, string Text, double Score);

/// <summary>Why something did not work, in a form a decision can use.</summary>
/// <param name="Message">For people; the provider's or tool's own words where it had any. Never a stack trace.</param>
/// <param name="RetryAfter">The wait the provider asked for. Null when it asked for none.</param>
public sealed record Failure(FailureKind Kind, string Message, TimeSpan? RetryAfter = null)
{
    /// <summary>Whether the same call may well succeed later.</summary>
    public bool IsTransient() => Kind is FailureKind.RateLimited or FailureKind.Timeout
        or FailureKind.Unavailable or FailureKind.WorkerLost or FailureKind.StreamCut or FailureKind.EmptyReply;
}

/// <summary>Classes of failure, by what follows from them. Stored by name: add, never rename.</summary>
public enum FailureKind
{
    /// <summary>The provider asked to slow down (HTTP 429).</summary>
    RateLimited,

    /// <summary>No complete answer within the call's time.</summary>
    Timeout,

    /// <summary>Not reachable, or an error on the other side (HTTP 5xx).</summary>
    Unavailable,

    /// <summary>The stream of tokens ended before the reply was complete.</summary>
    StreamCut,

    /// <summary>The worker stopped before it reported.</summary>
    WorkerLost,

    /// <summary>The provider refuses this request and would refuse it again (HTTP 4xx).</summary>
    Rejected,

    /// <summary>The provider refuses the key or the account (HTTP 401, 402, 403).</summary>
    Unauthorized,

    /// <summary>No tool of that name was granted to the step.</summary>
    UnknownTool,

    /// <summary>The arguments are not what the tool takes.</summary>
    BadArguments,

    /// <summary>The tool itself failed.</summary>
    ToolError,

    /// <summary>It may or may not have had its effect.</summary>
    OutcomeUnknown,

    /// <summary>A bound on the number of calls was reached.</summary>
    CallLimit,

    /// <summary>A bound on money was reached.</summary>
    CostLimit,

    /// <summary>The run took longer than it may.</summary>
    Deadline,

    /// <summary>The model has no price, and calls of unknown cost are refused here.</summary>
    Unpriced,

    /// <summary>A budget had no room for the call, or its model has no price to reserve.</summary>
    BudgetRefused,

    /// <summary>The reply was complete and had neither text nor a tool call.</summary>
    EmptyReply,

    /// <summary>What a step brought is longer than a run keeps of it.</summary>
    OutputLimit,

    /// <summary>No reply fitted the schema of the step's output within the calls that the step may make.</summary>
    OutputUnfit,
}

/// <summary>Why a step was not taken. Stored by name: add, never rename.</summary>
public enum SkipReason
{
    /// <summary>Its condition does not hold.</summary>
    Condition,

    /// <summary>It was taken as often as it may be.</summary>
    Visits,
}

/// <summary>Why an outcome is not known. Stored by name: add, never rename.</summary>
public enum UnknownCause
{
    /// <summary>The worker stopped between sending and reporting.</summary>
    WorkerLost,

    /// <summary>The run was cancelled while the call was in flight.</summary>
    Cancelled,

    /// <summary>The stream ended before the reply was complete.</summary>
    StreamCut,

    /// <summary>No complete reply within the call's time.</summary>
    TimedOut,
}

/// <summary>How an unknown spend became known. Stored by name: add, never rename.</summary>
public enum SpendSource
{
    /// <summary>The reply came after all.</summary>
    LateReply,

    /// <summary>The provider's own usage export.</summary>
    ProviderExport,

    /// <summary>A person looked it up.</summary>
    Operator,
}
