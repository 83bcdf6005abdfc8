using System.Globalization;
using System.Text.Json;
using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Api.Batches;
using Agents.Host.Engine.Requests;
using Agents.Host.Http;
using Agents.Host.Platform;
using Marten;
using Npgsql;

namespace Agents.Host.Api.WhatIfs;

/// <summary>
/// Reads what-ifs: their runs beside those they come from, with what both have cost by the ledger. Every query belongs to a tenant.
/// </summary>
public sealed class WhatIfReader(NpgsqlDataSource database)
{
    /// <summary>The runs that fit, newest first.</summary>
    /// <param name="agent">Null for all.</param>
    /// <param name="since">When they were queued at the earliest. Null for all.</param>
    public async Task<IReadOnlyList<Guid>> Matching(
        string tenant, string? agent, string status, DateTimeOffset? since, int limit, CancellationToken ct) => await database.Query<Guid>(
        """
        select r.run_id from agents.run_summary r
        where r.tenant_id = @tenant and r.status = @status and (@agent is null or r.agent = @agent) and (@since is null or r.queued_at >= @since)
          and not exists (select from agents.what_if w where w.tenant_id = r.tenant_id and w.batch_id = r.batch_id)
        order by r.run_id desc limit @limit
        """, new { tenant, agent, status, since = since?.ToUniversalTime(), limit }, ct);

    /// <summary>
    /// The batch that a request with this key asked for before. Requests with the same key wait until the session's transaction ends.
    /// </summary>
    public Task<EarlierBatch?> Earlier(IDocumentSession session, string key, CancellationToken ct) =>
        EarlierBatch.Of(database, session, key, ct);

    /// <summary>Requests of the same words wait until the session's transaction ends.</summary>
    public Task WaitForOthers(IDocumentSession session, string request, CancellationToken ct) => EarlierRuns.WaitForOthers(session, request, ct);

    /// <summary>Null when the tenant has no such what-if.</summary>
    public async Task<WhatIfView?> Find(string tenant, Guid id, CancellationToken ct)
    {
        if (await database.First<WhatIfRow>(
            """
            select w.kind, w.from_step, w.model, w.tools, w.document_id, w.document_version, b.requested_by, b.queued_at, f.limit_usd
            from agents.what_if w join agents.batch b on b.tenant_id = w.tenant_id and b.batch_id = w.batch_id
            left join finance.budget f on f.tenant_id = w.tenant_id and f.scope = 'batch' and f.value = w.batch_id::text and f.period = 'total'
            where w.tenant_id = @tenant and w.batch_id = @id
            """, new { tenant, id }, ct) is not { } whatIf) return null;

        var pairs = await Rows(tenant, id, after: -1, WhatIfRequest.MostRuns, ct);
        var runs = pairs.Where(pair => pair.RunId is not null).ToList();
        var done = runs.Count(pair => pair.Status is "completed" or "failed" or "cancelled");
        var compared = pairs.Where(pair => pair.AreBothAnswered()).ToList();
        return new(
            id, whatIf.Kind, whatIf.FromStep, whatIf.Model, whatIf.Tools, whatIf.DocumentId, whatIf.DocumentVersion, whatIf.RequestedBy,
            whatIf.QueuedAt,
            pairs.Count, pairs.Count - runs.Count, done, runs.Count(pair => pair.Status is "parked" or "paused"), done == runs.Count, whatIf.LimitUsd,
            runs.Sum(pair => pair.NewUsd), runs.Sum(pair => pair.InheritedUsd),
            runs.Where(pair => pair.Status is "completed" or "failed" or "cancelled").Sum(pair => pair.OriginUsd), runs.Sum(pair => pair.NewUnknown),
            Verdict(compared));
    }

    static WhatIfVerdict Verdict(IReadOnlyList<PairRow> compared)
    {
        var answers = compared.Select(pair => pair.Difference()!).ToList();
        return new(
            "offline", compared.Count, answers.Count(answer => answer is { SameCitations: true, SameClaims: true }),
            answers.Count(answer => answer.SameCitations), answers.Count(answer => answer.SameClaims),
            PairedDifference.Of([.. compared.Where(pair => pair.NewUnknown + pair.OriginUnknown == 0).Select(pair => pair.NewUsd - pair.OriginUsd)]),
            PairedDifference.Of([.. compared.Select(pair => (decimal)(pair.NewMs - pair.OriginMs))]));
    }

    /// <summary>In the order of the request.</summary>
    /// <param name="after">The cursor: those behind this position; -1 for the first page.</param>
    public async Task<Page<WhatIfPair>> Pairs(string tenant, Guid id, int after, int limit, CancellationToken ct)
    {
        var pairs = (await Rows(tenant, id, after, limit + 1, ct)).ConvertAll(row => row.View());
        return pairs.Count > limit ? new(pairs[..limit], pairs[limit - 1].Index.ToString(CultureInfo.InvariantCulture)) : new(pairs, null);
    }

    /// <summary>Of a run's own calls; of the origin's, those behind what the run took over.</summary>
    Task<List<PairRow>> Rows(string tenant, Guid id, int after, int limit, CancellationToken ct) => database.Query<PairRow>(
        """
        select i.position, i.origin, i.run_id, i.problem, o.question, coalesce(r.status, 'refused') as status,
          o.answer as origin_answer, o.citations as origin_citations, r.answer, r.citations, r.failure_kind, r.failure_message,
          coalesce(r.inherited_usd, 0) as inherited_usd, n.usd as new_usd, n.unknown as new_unknown, n.ms as new_ms,
          p.usd as origin_usd, p.unknown as origin_unknown, p.ms as origin_ms
        from agents.batch_item i
        join agents.what_if w on w.tenant_id = i.tenant_id and w.batch_id = i.batch_id
        left join agents.run_summary r on r.tenant_id = i.tenant_id and r.run_id = i.run_id
        left join agents.run_summary o on o.tenant_id = i.tenant_id and o.run_id = i.origin
        cross join lateral (
          select coalesce(sum(c.cost_usd), 0) as usd, coalesce(sum(c.latency_ms), 0) as ms,
            (count(*) filter (where c.status = 'unknown' or c.status = 'completed' and c.cost_usd is null)
              - count(*) filter (where c.status = 'resolved'))::integer as unknown
          from finance.model_call c where c.tenant_id = i.tenant_id and c.run_id = i.run_id) n
        cross join lateral (
          select coalesce(sum(c.cost_usd), 0) as usd, coalesce(sum(c.latency_ms), 0) as ms,
            (count(*) filter (where c.status = 'unknown' or c.status = 'completed' and c.cost_usd is null)
              - count(*) filter (where c.status = 'resolved'))::integer as unknown
          from finance.model_call c where c.tenant_id = i.tenant_id and c.run_id = i.origin and c.version > coalesce(r.forked_at, 0)) p
        where i.tenant_id = @tenant and i.batch_id = @id and i.position > @after
        order by i.position limit @limit
        """, new { tenant, id, after, limit }, ct);

    sealed record WhatIfRow(
        string Kind, string? FromStep, string? Model, string Tools, string? DocumentId, int? DocumentVersion, string RequestedBy,
        DateTimeOffset QueuedAt, decimal? LimitUsd);

    sealed record PairRow(
        int Position, Guid Origin, Guid? RunId, string? Problem, string? Question, string Status, string? OriginAnswer, JsonElement? OriginCitations,
        string? Answer, JsonElement? Citations, string? FailureKind, string? FailureMessage, decimal InheritedUsd, decimal NewUsd, int NewUnknown,
        double NewMs, decimal OriginUsd, int OriginUnknown, double OriginMs)
    {
        public bool AreBothAnswered() => OriginAnswer is not null && Answer is not null;

        public AnswerComparison? Difference() => AreBothAnswered()
            ? AnswerComparison.Of(OriginAnswer!, Cited(OriginCitations), Answer!, Cited(Citations))
            : null;

        public WhatIfPair View() => new(
            Position, Origin, RunId, Question ?? "", Status,
            Problem is null ? null : JsonSerializer.Deserialize<BatchProblem>(Problem, JsonFormat.Api), OriginAnswer, Answer,
            FailureKind is null ? null : new(FailureKind, FailureMessage ?? ""), NewUsd, InheritedUsd, OriginUsd, OriginMs, NewMs, Difference());

        static IEnumerable<Citation> Cited(JsonElement? citations) => citations?.Deserialize<List<Citation>>(JsonFormat.Api) ?? [];
    }
}
