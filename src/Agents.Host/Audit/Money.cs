using Agents.Domain.Costs;
using Agents.Projections;

namespace Agents.Host.Audit;

/// <summary>I5: what the facts say was spent is what finance reads, for each run, tenant, day and model, to the last digit.</summary>
sealed class Money
{
    readonly Dictionary<(string Tenant, DateOnly Day, string? Model), Sum> days = [];

    public static Invariant Invariant() => new(
        "I5", "The money and the tokens in the facts, in finance.model_call and in the summaries are the same, for each run, tenant, day and model.");

    public IEnumerable<string> In(StoredRun run)
    {
        var expected = MoneyRow.AllOf(run.Facts).ToList();
        foreach (var row in expected)
        {
            var group = (run.Tenant, row.Day, row.Model);
            days[group] = days.GetValueOrDefault(group, Sum.None) + new Sum(row.CostUsd ?? 0, row.Usage ?? Usage.None);
        }

        foreach (var missing in expected.Except(run.Money).Take(1)) yield return $"{run}: finance.model_call lacks {missing}";
        foreach (var invented in run.Money.Except(expected).Take(1)) yield return $"{run}: finance.model_call has {invented}, which is no fact";

        var (facts, finance) = (expected.Sum(row => row.CostUsd ?? 0), run.Money.Sum(row => row.CostUsd ?? 0));
        if (facts != finance || (run.Summary is { } summary && summary.CostUsd != facts))
            yield return FormattableString.Invariant(
                $"{run} cost {facts} USD by its facts, {finance} in finance.model_call, {run.Summary?.CostUsd} in its summary");
    }

    /// <summary>The sums that finance reads, against the sums of the facts.</summary>
    public async Task Check(Invariant invariant, Snapshot snapshot, string? tenant, CancellationToken ct)
    {
        var finance = new Dictionary<(string Tenant, DateOnly Day, string? Model), Sum>();
        await foreach (var row in snapshot.Rows<DayRow>(
            $"""
            select tenant_id, day, model, coalesce(sum(cost_usd), 0) as cost_usd, {UsageColumns.Sums} from finance.daily_cost
            where @tenant is null or tenant_id = @tenant
            group by tenant_id, day, model
            """, new { tenant }, ct))
            finance.Add((row.TenantId, row.Day, row.Model), new(row.CostUsd, row.Usage));

        foreach (var group in days.Keys.Union(finance.Keys))
        {
            var (facts, told) = (days.GetValueOrDefault(group, Sum.None), finance.GetValueOrDefault(group, Sum.None));
            if (facts != told)
                invariant.Violate(FormattableString.Invariant(
                    $"{group.Tenant}, {group.Day:yyyy-MM-dd}, {group.Model ?? "(no model)"}: {facts} by the facts, {told} in finance.daily_cost"));
        }

        invariant.Note = FormattableString.Invariant($"{days.Values.Sum(day => day.CostUsd)} USD");
    }

    sealed record DayRow(string TenantId, DateOnly Day, string? Model, decimal CostUsd, Usage Usage);

    sealed record Sum(decimal CostUsd, Usage Usage)
    {
        public static readonly Sum None = new(0, Usage.None);

        public static Sum operator +(Sum left, Sum right) => new(left.CostUsd + right.CostUsd, left.Usage + right.Usage);

        public override string ToString() =>
            FormattableString.Invariant($"{CostUsd} USD, {Usage.TotalInput()} + {Usage.TotalOutput()} tokens and {Usage.WebSearches} searches");
    }
}
