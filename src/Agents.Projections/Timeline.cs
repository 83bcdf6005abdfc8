using Agents.Domain.Runs;
using JasperFx.Events;
using Marten;
using Marten.Events.Projections;

namespace Agents.Projections;

/// <summary>One row in <c>agents.timeline</c> for each fact worth showing. Insert only, so runs never wait for each other.</summary>
public sealed partial class Timeline : EventProjection
{
    /// <summary>Longest detail kept; the fact has the whole.</summary>
    const int DetailCharacters = 500;

    const string Table = "agents.timeline";

    public Timeline()
    {
        Name = "timeline";
        Options.DeleteDataInTableOnTeardown(Table);
    }

    public override ValueTask ApplyAsync(IDocumentOperations operations, IEvent happened, CancellationToken cancellation)
    {
        if (RowOf((RunEvent)happened.Data) is { } row)
            operations.QueueSqlCommand(
                $"insert into {Table} (tenant_id, run_id, version, at, type, step, name, call, attempt, tool_call_id, duration_ms, "
                + "input_tokens, output_tokens, cost_usd, detail) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing",
                happened.TenantId, happened.StreamId, happened.Version, happened.Timestamp, EventNames.All[happened.EventType],
                ReadModels.Nullable(row.Step), ReadModels.Nullable(row.Name), ReadModels.Nullable(row.Call), ReadModels.Nullable(row.Attempt),
                ReadModels.Nullable(row.ToolCallId), ReadModels.Nullable(row.Took?.TotalMilliseconds),
                ReadModels.Nullable(row.InputTokens), ReadModels.Nullable(row.OutputTokens), ReadModels.Nullable(row.CostUsd),
                ReadModels.Nullable(row.Detail is { Length: > DetailCharacters } detail ? Sanitiser.Text(detail, DetailCharacters) : row.Detail));

        return ValueTask.CompletedTask;
    }

    sealed record Row(
        string? Detail = null, int? Step = null, string? Name = null, int? Call = null, int? Attempt = null, string? ToolCallId = null,
        TimeSpan? Took = null, long? InputTokens = null, long? OutputTokens = null, decimal? CostUsd = null);

    static Row? RowOf(RunEvent happened) => happened switch
    {
        RunQueued e => new(e.Question, Name: e.Agent),
        StateInherited e => new(
            FormattableString.Invariant($"inherited {e.InheritedUsd} USD{(e.Reason.Length > 0 ? ", " : "")}{e.Reason}"),
            Step: e.Step < 0 ? null : e.Step, Name: e.Step < 0 ? null : e.Name),
        ForkStarted e => new(FormattableString.Invariant($"{e.Fork} for at most {e.HeldUsd} USD")),
        ForkEnded e => new(FormattableString.Invariant($"{e.Fork} has spent {e.SpentUsd} USD")),
        RunStarted e => new(e.Worker),
        RunPaused e => new($"{e.By}: {e.Reason}"),
        RunResumed e => new($"{e.By}: {e.Reason}"),
        RunParked e => new(e.Failure.Message, Name: e.Failure.Kind.ToString()),
        RunBudgetChanged e => new(FormattableString.Invariant($"{e.By}: {e.BudgetUsd} USD{(e.Reason.Length > 0 ? ", " : "")}{e.Reason}")),
        RunCompleted e => new(e.Answer),
        RunFailed e => new(e.Failure.Message, Name: e.Failure.Kind.ToString()),
        RunCancelled e => new($"{e.By}: {e.Reason}"),
        StepStarted e => new(Step: e.Step, Name: e.Name),
        StepCompleted e => new(e.Output, Step: e.Step),
        ModelCallStarted e => new(e.Worker, Call: e.Call, Attempt: e.Attempt),
        ModelCallCompleted e => new(
            e.Reply.Text, Name: e.Reply.Model, Call: e.Call, Attempt: e.Attempt, Took: e.Latency,
            InputTokens: e.Usage?.TotalInput(), OutputTokens: e.Usage?.TotalOutput(), CostUsd: e.Cost?.Usd),
        ModelCallFailed e => new(
            e.Failure.Message, Name: e.Failure.Kind.ToString(), Call: e.Call, Attempt: e.Attempt, Took: e.Latency,
            InputTokens: e.Usage?.TotalInput(), OutputTokens: e.Usage?.TotalOutput(), CostUsd: e.Cost?.Usd),
        ModelCallOutcomeUnknown e => new(Name: e.Cause.ToString(), Call: e.Call, Attempt: e.Attempt),
        SpendResolved e => new(Name: e.Source.ToString(), Call: e.Call, Attempt: e.Attempt, CostUsd: e.ActualUsd),
        ToolCallRequested e => new(e.Arguments, Name: e.Tool, Call: e.Call, ToolCallId: e.ToolCallId),
        ToolCallApproved e => new(e.By, ToolCallId: e.ToolCallId),
        ToolCallDenied e => new($"{e.By}: {e.Reason}", ToolCallId: e.ToolCallId),
        ChildRunStarted e => new(e.Child.ToString(), Name: e.Agent, Attempt: e.Attempt, ToolCallId: e.ToolCallId),
        ToolCallCompleted e => new(e.Result, Attempt: e.Attempt, ToolCallId: e.ToolCallId, Took: e.Latency),
        ToolCallFailed e => new(
            e.Failure.Message, Name: e.Failure.Kind.ToString(), Attempt: e.Attempt, ToolCallId: e.ToolCallId, Took: e.Latency),
        _ => null, // scheduling is plumbing; passages are shown with the tool call that found them
    };
}
