namespace Agents.Host.Audit;

/// <summary>I5: what the facts say was spent is what finance reads, for each run, tenant, day and model, to the last digit.</summary>
sealed class Money
{
    readonly Dictionary<(string Tenant, DateOnly Day, string? Model), decimal> days = [];

    public static Invariant Invariant() =>
        new("I5", "The money in the facts, in finance.model_call and in the summaries is the same, for each run, tenant, day and model.");

    public IEnumerable<string> In(StoredRun run)
    {
        var expected = MoneyRow.AllOf(run.Facts).ToList();
        foreach (var row in expected)
            if (row.CostUsd is { } cost) days[(run.Tenant, row.Day, row.Model)] = days.GetValueOrDefault((run.Tenant, row.Day, row.Model)) + cost;

        foreach (var missing in expected.Except(run.Money).Take(1)) yield return $"{run}: finance.model_call lacks {missing}";
        foreach (var invented in run.Money.Except(expected).Take(1)) yield return $"{run}: finance.model_call has {invented}, which is no fact";

        var (facts, finance) = (expected.Sum(row => row.CostUsd ?? 0), run.Money.Sum(row => row.CostUsd ?? 0));
        if (facts != finance || (run.Summary is { } summary && summary.CostUsd != facts))
            yield return FormattableString.Invariant(
                $"{run} cost {facts} USD by its facts, {finance} in finance.model_call, {run.Summary?.CostUsd} in its summary");
    }

    /// <summary>The sums that finance reads, against the sums of the facts.</summary>
    public async Task Look(Invariant invariant, Snapshot snapshot, string? tenant, CancellationToken ct)
    {
        var finance = new Dictionary<(string Tenant, DateOnly Day, string? Model), decimal>();
        await foreach (var row in snapshot.Rows<DayRow>(
            """
            select tenant_id, day, model, sum(cost_usd) as cost_usd from finance.daily_cost
            where cost_usd is not null and (@tenant is null or tenant_id = @tenant)
            group by tenant_id, day, model
            """, new { tenant }, ct))
            finance.Add((row.TenantId, row.Day, row.Model), row.CostUsd);

        foreach (var group in days.Keys.Union(finance.Keys))
        {
            var (facts, told) = (days.GetValueOrDefault(group), finance.GetValueOrDefault(group));
            if (facts != told)
                invariant.Violate(FormattableString.Invariant(
                    $"{group.Tenant}, {group.Day:yyyy-MM-dd}, {group.Model ?? "(no model)"}: {facts} USD by the facts, {told} in finance.daily_cost"));
        }

        invariant.Note = FormattableString.Invariant($"{days.Values.Sum()} USD");
    }

    sealed record DayRow(string TenantId, DateOnly Day, string? Model, decimal CostUsd);
}
