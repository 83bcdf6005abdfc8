using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Engine.Attempts;
using Agents.Host.Models;
using Microsoft.Extensions.AI;

namespace Agents.Crash.Tests.Simulation;

/// <summary>A request in the provider's own ledger.</summary>
/// <param name="BilledUsd">What it costs, whether or not the answer arrives.</param>
/// <param name="Outcome">What the worker hears, if it lives.</param>
sealed record Request(decimal BilledUsd, ModelOutcome Outcome, int Ticks);

/// <summary>Answers model calls, properly or in every way in which a provider can fail, and keeps its own ledger.</summary>
sealed class SimulatedModel(SimulatedProcess process) : IModelCalls
{
    static readonly TimeSpan Latency = TimeSpan.FromSeconds(1);

    /// <summary>What it says where a form is wanted: some of it fits, in one way or another.</summary>
    static readonly string[] Forms =
    [
        """{"answer":"one"}""", """{ "answer": "two" }""", "```json\n{\"answer\":\"three\"}\n```", """{"answer":"four","more":[1]}""",
        """{"answer":1}""", "{}", """{"answer":"on""", "one",
    ];

    readonly World world = process.World;

    public async Task<ModelAnswer> Call(
        string tenant, CallModel work, ModelRequest request, TimeSpan? within, CancellationToken aborted, CancellationToken ct)
    {
        await process.Turn();
        if (aborted.IsCancellationRequested) return new(null);

        var log = world.Database.Find(work.RunId)!;
        var attempt = InFlight.Of(work);
        process.Performs(work.RunId, attempt);
        log.Checks.Told(request.Messages);
        var sent = Receive(log, work, request);
        log.Checks.Sent(work, sent, request);
        world.Rates.Sent(work.RunId, process.Name);
        world.Budget.Billed(work, sent.BilledUsd);
        world.Tally.Requests++;
        world.Trace?.Note($"{process.Name} sends {work.Call}.{work.Attempt} of {world.NameOf(work.RunId)}, to be billed {sent.BilledUsd}, answered {sent.Outcome}");

        await process.Until(world.Now + sent.Ticks, aborted);
        process.Performed(work.RunId, attempt);
        if (aborted.IsCancellationRequested) return new(null);

        if (sent.Outcome is ModelOutcome.Answered { Usage: not null }) log.Checks.ReplyCame(process.Name, work);
        return new(Heard(sent.Outcome));
    }

    ModelOutcome Heard(ModelOutcome outcome) =>
        world.Mutant is Mutant.CutStreamTakenForRefusal && outcome is ModelOutcome.Failed { Failure.Kind: FailureKind.StreamCut } cut
            ? cut with { Failure = cut.Failure with { Kind = FailureKind.Unavailable }, ReceivedCharacters = 0 }
            : outcome;

    Request Receive(EventLog log, CallModel work, ModelRequest request)
    {
        var random = world.Random;
        var usage = UsageOf(request);
        var cost = world.Prices.Of(request.Options.ModelId!, usage)!.Usd;
        var ticks = random.Next(12);
        if (world.Now < world.Faults.Until && world.Outage is { } outage && outage.Model == request.Options.ModelId) return Refused(outage.Kind, null);
        if (!world.Hits(world.Faults.Provider)) return new(cost, Reply(log, request, random.Next(30) == 0 ? null : usage), ticks);

        return random.Next(7) switch
        {
            0 => Refused(FailureKind.RateLimited, TimeSpan.FromSeconds(random.Next(10))),
            1 => Refused(FailureKind.RateLimited, random.Next(3) == 0 ? TimeSpan.FromHours(1) : null),
            2 => Refused(FailureKind.Unavailable, null),
            3 => Refused(random.Next(2) == 0 ? FailureKind.Rejected : FailureKind.Unauthorized, null),
            4 => new(cost, Cut(usage, isCounted: random.Next(3) == 0), ticks),
            5 => new(cost, Failure(FailureKind.Timeout, null), ticks + 20), // answered and billed, but the answer got lost
            _ => new(0, Failure(FailureKind.Timeout, null), ticks + 20), // never read
        };

        Request Refused(FailureKind kind, TimeSpan? retryAfter) => new(0, Failure(kind, retryAfter), ticks);

        static ModelOutcome.Failed Failure(FailureKind kind, TimeSpan? retryAfter) => new(new(kind, "No.", retryAfter), 0, Latency, null);

        ModelOutcome.Failed Cut(Usage billed, bool isCounted) => new(new(FailureKind.StreamCut, "No."), random.Next(1, (int)billed.OutputTokens * 4 + 1), Latency, Latency)
        {
            Usage = isCounted ? billed with { OutputTokens = random.Next(1, (int)billed.OutputTokens + 1) } : null,
        };
    }

    /// <summary>As much as the request can be, or less.</summary>
    Usage UsageOf(ModelRequest request)
    {
        var input = request.InputTokensAtMost();
        return new(world.Random.NextInt64(Math.Max(1, input / 4), input + 1), world.Random.NextInt64(1, request.Options.MaxOutputTokens!.Value + 1));
    }

    ModelOutcome.Answered Reply(EventLog log, ModelRequest request, Usage? usage)
    {
        var random = world.Random;
        var offered = request.Options.Tools ?? [];
        var requests = offered.Count == 0 || random.Next(2) == 0
            ? []
            : Enumerable.Range(0, random.Next(1, 5)).Select(_ => Asked(offered)).ToArray();
        var letters = requests.Length > 0 ? 0 : random.Next(14);
        var text = requests.Length == 0 && request.OutputSchema is not null
            ? Forms[random.Next(Forms.Length)]
            : "one\ntwo\nthree"[..(log.Run.Closing is null ? letters : Math.Max(1, letters))]; // the last word is never empty
        return new(
            text, requests, [], requests.Length > 0 ? "tool_calls" : "stop", request.Options.ModelId!, null, usage, null, null, Cut: false, Latency, Latency);

        ToolRequest Asked(IList<AITool> tools)
        {
            var at = random.Next(tools.Count + 1);
            return at == tools.Count ? new("rm_rf", "{}") : new(tools[at].Name, "{}");
        }
    }
}
