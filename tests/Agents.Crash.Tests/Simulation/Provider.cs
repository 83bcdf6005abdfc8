using Agents.Domain.Costs;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Crash.Tests.Simulation;

/// <summary>A request in the provider's own ledger.</summary>
/// <param name="BilledUsd">What it costs, whether or not the answer arrives.</param>
/// <param name="Answer">What the worker hears, if it lives.</param>
sealed record Request(decimal BilledUsd, ModelReport Answer, int Ticks);

/// <summary>Answers model calls, properly or in every way a provider can fail.</summary>
sealed class Provider(Random random)
{
    /// <summary>The most one call costs.</summary>
    public const decimal ReservedUsd = 0.020m;

    const string PriceVersion = "2026-11";

    public Request Receive(CallModel work, ModelStep step, int faultsInThousand)
    {
        var cost = random.Next(1, 21) / 1000m;
        var ticks = random.Next(12);
        if (random.Next(1000) >= faultsInThousand) return new(cost, Reply(work, step, random.Next(30) == 0 ? null : new Cost(cost, PriceVersion)), ticks);

        return random.Next(7) switch
        {
            0 => Refused(FailureKind.RateLimited, TimeSpan.FromSeconds(random.Next(10))),
            1 => Refused(FailureKind.RateLimited, random.Next(3) == 0 ? TimeSpan.FromHours(1) : null),
            2 => Refused(FailureKind.Unavailable, null),
            3 => Refused(random.Next(2) == 0 ? FailureKind.Rejected : FailureKind.Unauthorized, null),
            4 => new(cost, Failure(FailureKind.StreamCut, null), ticks),
            5 => new(cost, Failure(FailureKind.Timeout, null), ticks + 20), // answered and billed, but the answer got lost
            _ => new(0, Failure(FailureKind.Timeout, null), ticks + 20), // never read
        };

        Request Refused(FailureKind kind, TimeSpan? retryAfter) => new(0, Failure(kind, retryAfter), ticks);

        RecordModelFailure Failure(FailureKind kind, TimeSpan? retryAfter) =>
            new(work.Call, work.Attempt, new(kind, "No.", retryAfter), TimeSpan.FromSeconds(1));
    }

    RecordModelReply Reply(CallModel work, ModelStep step, Cost? cost)
    {
        var tools = (step.Tools ?? []).Select(grant => grant.Tool).Append("rm_rf").ToArray();
        var requests = step.Tools is null || random.Next(2) == 0
            ? []
            : Enumerable.Range(0, random.Next(1, 5)).Select(_ => new ToolRequest(tools[random.Next(tools.Length)], "{}")).ToArray();
        var text = requests.Length > 0 ? "" : "one\ntwo\nthree"[..random.Next(14)];
        return new(
            work.Call, work.Attempt, new(text, requests, [], "small", requests.Length > 0 ? "tool_calls" : "stop"),
            cost is null ? null : new(100, 20), null, cost, TimeSpan.FromSeconds(1));
    }
}
