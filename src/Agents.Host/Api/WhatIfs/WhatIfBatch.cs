using System.Text.Json;
using Agents.Domain.Costs;
using Agents.Host.Api.Batches;
using Agents.Host.Catalog;
using Agents.Host.Engine.Requests;
using Agents.Host.Http;
using Agents.Host.Platform;
using Marten;

namespace Agents.Host.Api.WhatIfs;

/// <summary>What all runs of a what-if have in common.</summary>
/// <param name="Kind"><see cref="WhatIf"/> or <see cref="AskAgain"/>.</param>
sealed record WhatIfBatch(Guid Id, string Kind, WhatIfTools Tools, decimal BudgetUsd)
{
    public const string WhatIf = "what_if";

    public const string AskAgain = "ask_again";

    public string? From { get; init; }

    public string? Model { get; init; }

    public string? Instructions { get; init; }

    /// <summary>The document whose answers are asked for again. Null for a what-if.</summary>
    public string? DocumentId { get; init; }

    public int? DocumentVersion { get; init; }

    /// <summary>The caller's idempotency key. Null when none was given.</summary>
    public string? Key { get; init; }

    public string RequestHash { get; init; } = "";

    /// <summary>Queues the runs, with one budget for all, in the session's transaction.</summary>
    public void Store(IDocumentSession session, IReadOnlyList<PlannedRun> planned, Caller caller)
    {
        foreach (var agent in planned.Where(item => item.Run is not null).Select(item => item.Run!.Agent).DistinctBy(agent => agent.Hash()))
            Definitions.Store(session, agent);
        foreach (var item in planned)
            if (item.Run is { } run) session.Events.StartStream<Domain.Runs.Run>(run.Id, run.Facts);

        session.QueueSqlCommand(
            "insert into agents.batch (tenant_id, batch_id, requested_by, requested_by_key, idempotency_key, request_hash) values (?, ?, ?, ?, ?, ?)",
            caller.Tenant, Id, caller.Name, (object?)caller.KeyId ?? DBNull.Value, (object?)Key ?? DBNull.Value, RequestHash);
        session.QueueSqlCommand(
            """
            insert into agents.what_if (tenant_id, batch_id, kind, from_step, model, instructions, tools, document_id, document_version)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?::integer)
            """,
            caller.Tenant, Id, Kind, (object?)From ?? DBNull.Value, (object?)Model ?? DBNull.Value, (object?)Instructions ?? DBNull.Value,
            Tools.ToString().ToLowerInvariant(), (object?)DocumentId ?? DBNull.Value, (object?)DocumentVersion ?? DBNull.Value);
        var rows = planned.Select((item, index) => new
        {
            position = index, run_id = item.Run?.Id, is_new = item.Run is not null, problem = ProblemOf(item), origin = item.Origin,
        });
        session.QueueSqlCommand(
            """
            insert into agents.batch_item (tenant_id, batch_id, position, run_id, is_new, problem, origin)
            select ?, ?, i.position, i.run_id, i.is_new, i.problem, i.origin
            from json_to_recordset(?::json) i (position integer, run_id uuid, is_new boolean, problem json, origin uuid)
            """,
            caller.Tenant, Id, JsonSerializer.Serialize(rows, JsonFormat.Api));
        StoreBudget(session, caller);
    }

    /// <summary>No other transaction knows the batch yet, so that there is nothing to lock.</summary>
    void StoreBudget(IDocumentSession session, Caller caller)
    {
        var budget = BudgetName.OfBatch(Id);
        session.QueueSqlCommand(
            "insert into finance.budget (tenant_id, scope, value, period, limit_usd, set_by, set_by_key) values (?, 'batch', ?, 'total', ?, ?, ?)",
            caller.Tenant, budget.Value, BudgetUsd, caller.Name, (object?)caller.KeyId ?? DBNull.Value);
        session.QueueSqlCommand(
            "insert into finance.budget_change (tenant_id, scope, value, period, new_limit_usd, by, by_key) values (?, 'batch', ?, 'total', ?, ?, ?)",
            caller.Tenant, budget.Value, BudgetUsd, caller.Name, (object?)caller.KeyId ?? DBNull.Value);
    }

    public static IReadOnlyList<RefusedOrigin> RefusedOf(IEnumerable<PlannedRun> planned) =>
        [.. planned.Where(item => item.Refusal is not null).Select(item => new RefusedOrigin(item.Origin, ProblemOf(item)!))];

    static BatchProblem? ProblemOf(PlannedRun item) =>
        item.Refusal is { } refusal ? new(refusal.Problem().Status!.Value, refusal.Title, refusal.Detail) : null;

    /// <summary>US dollars that all of them are likely to spend, and of how many that is not known. Null when it is for one.</summary>
    public static (decimal? Usd, int Unknown) EstimateOf(IReadOnlyList<PlannedRun> planned)
    {
        var unknown = planned.Count(item => item.Run is { EstimatedUsd: null });
        return (unknown > 0 ? null : planned.Sum(item => item.Run?.EstimatedUsd ?? 0), unknown);
    }

    /// <summary>US dollars that what they take over has cost.</summary>
    public static decimal InheritedBy(IEnumerable<PlannedRun> planned) =>
        planned.Sum(item => item.Run?.Facts.OfType<Domain.Runs.StateInherited>().SingleOrDefault()?.InheritedUsd ?? 0);
}
