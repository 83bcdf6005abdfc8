using System.Text;
using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Models;

namespace Agents.Host.Audit;

/// <summary>
/// I6: what the provider was asked is what the facts say it was asked. The ledger is a file of JSON lines, one for each request received, with the id
/// that <see cref="RequestId"/> sends as the member <c>ClientRequestId</c>, and where it knows it, what it billed as <c>BilledUsd</c>. About 50 bytes
/// of each line are held in memory.
/// </summary>
sealed class ProviderLedger
{
    readonly Dictionary<Guid, List<(int Call, int Attempt)>> requests = [];
    readonly Dictionary<Guid, decimal> billed = [];
    long completed, refused, unknown, unsent, open;

    public static Invariant Invariant() =>
        new("I6", "Every request the provider got has its intent in the facts, none was sent twice, and every reply in the facts was asked for.");

    public static async Task<ProviderLedger> Read(string file, Invariant invariant, CancellationToken ct)
    {
        var ledger = new ProviderLedger();
        var number = 0;
        await foreach (var line in File.ReadLinesAsync(file, Encoding.UTF8, ct))
        {
            number++;
            if (line.Length == 0) continue;
            invariant.Count(1);
            if (RequestIn(line) is not var (request, usd))
            {
                invariant.Violate($"line {number} of the ledger has no id of a request");
                continue;
            }

            if (usd is not null) ledger.billed[request.RunId] = ledger.billed.GetValueOrDefault(request.RunId) + usd.Value;
            if (ledger.requests.TryGetValue(request.RunId, out var others)) others.Add((request.Call, request.Attempt));
            else ledger.requests.Add(request.RunId, [(request.Call, request.Attempt)]);
        }

        return ledger;
    }

    public IEnumerable<string> In(StoredRun run)
    {
        requests.Remove(run.Id, out var sent);
        sent ??= [];
        foreach (var twice in sent.GroupBy(attempt => attempt).Where(group => group.Count() > 1))
            yield return $"{run} sent {Name(twice.Key)} {twice.Count()} times";

        var outcomes = OutcomesOf(run);
        foreach (var attempt in sent.Distinct())
            if (!outcomes.ContainsKey(attempt)) yield return $"{run} sent {Name(attempt)} without an intent";

        foreach (var (attempt, outcome) in outcomes)
        {
            var isSent = sent.Contains(attempt);
            if (outcome is ModelCallCompleted && !isSent) yield return $"{run} has a reply to {Name(attempt)}, which the provider never got";
            Tally(outcome, isSent);
        }
    }

    /// <summary>
    /// What the provider billed for a run must lie between what is confirmed and that with what is not, at most. Only where the ledger says what was
    /// billed.
    /// </summary>
    public string? Bill(StoredRun run)
    {
        if (!billed.Remove(run.Id, out var usd) || run.Folded is not { } folded) return null;

        var most = folded.Unconfirmed.Any(attempt => attempt.HighUsd is null) ? decimal.MaxValue : folded.SpentAtMostUsd();
        return usd >= folded.CostUsd && usd <= most
            ? null
            : FormattableString.Invariant(
                $"{run} was billed {usd} USD by the provider; confirmed are {folded.CostUsd}, with unconfirmed at most {most}");
    }

    /// <summary>Requests of runs that the database does not know, and their sum.</summary>
    /// <param name="isWhole">All runs were looked at; else the rest may be other tenants'.</param>
    public void Check(Invariant invariant, bool isWhole)
    {
        if (isWhole)
            foreach (var (run, attempts) in requests)
                invariant.Violate($"run {run} is not there, and sent {string.Join(", ", attempts.Select(Name))}");

        invariant.Note = $"{completed} answered + {refused} refused + {unknown} of unknown outcome + {open} in flight = "
            + $"{completed + refused + unknown + open} requests; "
            + $"{unsent} of unknown outcome were never sent";
    }

    static ((Guid RunId, int Call, int Attempt) Request, decimal? BilledUsd)? RequestIn(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            if (!json.RootElement.TryGetProperty("ClientRequestId", out var id) || RequestId.Parse(id.GetString()) is not { } request) return null;
            return (
                request,
                json.RootElement.TryGetProperty("BilledUsd", out var usd) && usd.ValueKind is not JsonValueKind.Null ? usd.GetDecimal() : null);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    /// <summary>Each attempt that was begun, and how it ended; its beginning when it did not yet.</summary>
    static Dictionary<(int Call, int Attempt), RunEvent> OutcomesOf(StoredRun run)
    {
        var outcomes = new Dictionary<(int, int), RunEvent>();
        foreach (var happened in run.Facts.Select(fact => fact.Happened))
            switch (happened)
            {
                case ModelCallStarted e: outcomes[(e.Call, e.Attempt)] = e; break;
                case ModelCallCompleted e when outcomes.ContainsKey((e.Call, e.Attempt)): outcomes[(e.Call, e.Attempt)] = e; break;
                case ModelCallFailed e when outcomes.ContainsKey((e.Call, e.Attempt)): outcomes[(e.Call, e.Attempt)] = e; break;
                case ModelCallOutcomeUnknown e when outcomes.ContainsKey((e.Call, e.Attempt)): outcomes[(e.Call, e.Attempt)] = e; break;
            }

        return outcomes;
    }

    void Tally(RunEvent outcome, bool isSent)
    {
        if (outcome is ModelCallCompleted) completed++;
        else if (!isSent) unsent += outcome is ModelCallOutcomeUnknown ? 1 : 0;
        else if (outcome is ModelCallFailed) refused++;
        else if (outcome is ModelCallOutcomeUnknown) unknown++;
        else open++;
    }

    static string Name((int Call, int Attempt) attempt) => $"attempt {attempt.Attempt} of call {attempt.Call}";
}
