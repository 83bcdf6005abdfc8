using Agents.Domain.Runs;
using JasperFx.Events;
using Marten;
using Marten.Events.Projections;

namespace Agents.Projections;

/// <summary>
/// One row in <c>agents.timeline</c> for each fact worth showing, those of a commit in one statement. Insert only, so runs never wait for each other.
/// </summary>
/// <param name="table">The table it writes; another one than usual while read models are rebuilt beside those there are.</param>
public sealed class Timeline(string table = Timeline.Table) : IProjection
{
    /// <summary>Longest detail kept; the fact has the whole.</summary>
    const int DetailCharacters = 500;

    public const string Name = "timeline";

    public const string Table = "agents.timeline";

    readonly string insert =
        $"""
        insert into {table} (tenant_id, run_id, version, at, type, step, name, call, attempt, tool_call_id, duration_ms, input_tokens, output_tokens,
          cost_usd, detail)
        select * from unnest(
          ?::text[], ?::uuid[], ?::bigint[], ?::timestamptz[], ?::text[], ?::integer[], ?::text[], ?::integer[], ?::integer[], ?::text[],
          ?::double precision[], ?::bigint[], ?::bigint[], ?::numeric[], ?::text[])
        on conflict do nothing
        """;

    public Task ApplyAsync(IDocumentOperations operations, IReadOnlyList<IEvent> events, CancellationToken cancellation)
    {
        var rows = new List<(IEvent Fact, Row Row)>(events.Count);
        foreach (var fact in events)
            if (RowOf((RunEvent)fact.Data) is { } row) rows.Add((fact, row));
        if (rows.Count == 0) return Task.CompletedTask;

        operations.QueueSqlCommand(
            insert,
            Of(rows, (fact, _) => fact.TenantId), Of(rows, (fact, _) => fact.StreamId), Of(rows, (fact, _) => fact.Version),
            Of(rows, (fact, _) => fact.Timestamp), Of(rows, (fact, _) => EventNames.All[fact.EventType]), Of(rows, (_, row) => row.Step),
            Of(rows, (_, row) => row.Name), Of(rows, (_, row) => row.Call), Of(rows, (_, row) => row.Attempt), Of(rows, (_, row) => row.ToolCallId),
            Of(rows, (_, row) => row.Took?.TotalMilliseconds), Of(rows, (_, row) => row.InputTokens), Of(rows, (_, row) => row.OutputTokens),
            Of(rows, (_, row) => row.CostUsd),
            Of(rows, (_, row) => row.Detail is { Length: > DetailCharacters } detail ? Sanitiser.Text(detail, DetailCharacters) : row.Detail));
        return Task.CompletedTask;
    }

    /// <summary>One column of the rows.</summary>
    static T[] Of<T>(List<(IEvent Fact, Row Row)> rows, Func<IEvent, Row, T> value) => [.. rows.Select(row => value(row.Fact, row.Row))];

    sealed record Row(
        string? Detail = null, int? Step = null, string? Name = null, int? Call = null, int? Attempt = null, string? ToolCallId = null,
        TimeSpan? Took = null, long? InputTokens = null, long? OutputTokens = null, decimal? CostUsd = null);

    /// <summary>Amounts stand in the facts and in <c>cost_usd</c>, never in the detail: not every reader may see money.</summary>
    static Row? RowOf(RunEvent happened) => happened switch
    {
        RunQueued e => new(e.Question, Name: e.Agent),
        StateInherited e => new(e.Reason, Step: e.Step < 0 ? null : e.Step, Name: e.Step < 0 ? null : e.Name),
        ForkStarted e => new(e.Fork.ToString()),
        ForkEnded e => new(e.Fork.ToString()),
        RunStarted e => new(e.Worker),
        RunPaused e => new($"{e.By}: {e.Reason}"),
        RunResumed e => new($"{e.By}: {e.Reason}"),
        RunParked e => new(e.Failure.Message, Name: e.Failure.Kind.ToString()),
        RunBudgetChanged e => new($"{e.By}: {e.Reason}"),
        RunClosing e => new(e.Reason, Step: e.Step),
        RunCompleted e => new(e.Answer),
        RunFailed e => new(e.Failure.Message, Name: e.Failure.Kind.ToString()),
        RunCancelled e => new($"{e.By}: {e.Reason}"),
        StepStarted e => new(Step: e.Step, Name: e.Name),
        StepSkipped e => new(e.Reason.ToString(), Step: e.Step, Name: e.Name),
        StepCompleted e => new(e.Output, Step: e.Step),
        WaitStarted e => new(WaitText(e), Step: e.Step, Name: e.Signal),
        WaitEnded e => new(e.Payload, Step: e.Step, Name: e.By.ToString()),
        SignalReceived e => new(e.Payload, Name: e.Name),
        ModelCallStarted e => new(e.Worker, Call: e.Call, Attempt: e.Attempt),
        ModelCallCompleted e => new(
            e.Reply.Text, Name: e.Reply.Model, Call: e.Call, Attempt: e.Attempt, Took: e.Latency,
            InputTokens: e.Usage?.TotalInput(), OutputTokens: e.Usage?.TotalOutput(), CostUsd: e.Cost?.Usd),
        ModelCallFailed e => new(
            e.Failure.Message, Name: e.Failure.Kind.ToString(), Call: e.Call, Attempt: e.Attempt, Took: e.Latency,
            InputTokens: e.Usage?.TotalInput(), OutputTokens: e.Usage?.TotalOutput(), CostUsd: e.Cost?.Usd),
        ModelCallOutcomeUnknown e => new(e.Failure?.Message, Name: e.Cause.ToString(), Call: e.Call, Attempt: e.Attempt),
        SpendResolved e => new(Name: e.Source.ToString(), Call: e.Call, Attempt: e.Attempt, CostUsd: e.ActualUsd),
        ToolCallRequested e => new(e.Arguments, Name: e.Tool, Call: e.Call, ToolCallId: e.ToolCallId),
        ToolCallApproved e => new(e.By, ToolCallId: e.ToolCallId),
        ToolCallDenied e => new($"{e.By}: {e.Reason}", ToolCallId: e.ToolCallId),
        ChildRunStarted e => new(e.Child.ToString(), Name: e.Agent, Attempt: e.Attempt, ToolCallId: e.ToolCallId),
        ToolCallCompleted e => new(e.Result, Attempt: e.Attempt, ToolCallId: e.ToolCallId, Took: e.Latency),
        ToolCallFailed e => new(
            e.Failure.Message, Name: e.Failure.Kind.ToString(), Attempt: e.Attempt, ToolCallId: e.ToolCallId, Took: e.Latency),
        ToolCallResolved e => new(
            e.Result ?? e.Failed, Name: e.Result is not null ? "Result" : e.Failed is not null ? "Failed" : "Again", Attempt: e.Attempt,
            ToolCallId: e.ToolCallId),
        _ => null, // scheduling is plumbing; passages are shown with the tool call that found them
    };

    /// <summary>Such as <c>for 00:05:00, until 2026-12-01 08:00:00Z</c>; null without a time.</summary>
    static string? WaitText(WaitStarted e)
    {
        var times = new[] { e.For is { } time ? $"for {time}" : null, e.Until is { } at ? FormattableString.Invariant($"until {at:u}") : null };
        return string.Join(", ", times.OfType<string>()) is { Length: > 0 } text ? text : null;
    }
}
