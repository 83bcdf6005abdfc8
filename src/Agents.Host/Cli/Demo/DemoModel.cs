using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Engine.Attempts;
using Agents.Host.Models;
using Agents.Host.Models.Offline;

namespace Agents.Host.Cli.Demo;

/// <summary>
/// The models of the demo, whose names begin with <c>demo-</c>. What they say is the offline model's; how long it takes, what it uses, and that it
/// fails now and then, is made up.
/// </summary>
sealed class DemoModel(DemoClock clock, Random random, ModelProviders providers) : IModelCalls, IDisposable
{
    readonly OfflineExtractiveModel offline = new();
    readonly Queue<FailureKind> failures = new();

    public void Dispose() => offline.Dispose();

    /// <summary>What the next calls fail with, before any succeeds.</summary>
    public void FailNext(IEnumerable<FailureKind> kinds)
    {
        failures.Clear();
        foreach (var kind in kinds) failures.Enqueue(kind);
    }

    public async Task<ModelAnswer> Call(
        string tenant, CallModel work, ModelRequest request, TimeSpan? within, CancellationToken aborted, CancellationToken ct)
    {
        var model = request.Options.ModelId!;
        var isLarge = model.EndsWith("large", StringComparison.Ordinal);
        var latency = TimeSpan.FromSeconds((isLarge ? 2.5 : 0.6) * Math.Exp((random.NextDouble() + random.NextDouble() - 1) * 1.4));
        clock.Advance(latency);
        if (failures.TryDequeue(out var kind)) return new(Failed(kind, latency));

        var said = await ModelCall.Run(offline, request.Messages, request.Options, providers.Main, onDelta: null, ct);
        return new(said is ModelOutcome.Answered answer
            ? answer with
            {
                Model = model, Latency = latency, TimeToFirstToken = latency * 0.3, Usage = UsageOf(answer, request, isLarge), RawUsage = null,
                ProviderId = $"demo-{work.RunId:N}-{work.Call}-{work.Attempt}",
            }
            : said);
    }

    /// <summary>The offline model's own count, part of it from a cache and thought about, so that no bucket is empty.</summary>
    Usage? UsageOf(ModelOutcome.Answered answer, ModelRequest request, bool isLarge)
    {
        if (answer.Usage is not { } counted) return null;
        var input = counted.TotalInput() + 400;
        var cached = random.NextDouble() < 0.45 ? input * random.Next(30, 80) / 100 : 0;
        return new(
            input - cached, counted.OutputTokens + random.Next(40, 220), cached, ReasoningTokens: isLarge ? random.Next(0, 600) : 0);
    }

    static ModelOutcome.Failed Failed(FailureKind kind, TimeSpan latency) => kind switch
    {
        // Without a wish to wait: that would be kept in real time.
        FailureKind.RateLimited => new(new(kind, "Demo: too many requests. Try again later."), 0, latency, null),
        FailureKind.StreamCut => new(new(kind, "Demo: the connection broke in the middle of the reply."), 420, latency, latency * 0.3)
        {
            Text = "The part of the reply that had come when",
        },
        _ => new(new(kind, "Demo: the provider answered 503, service unavailable."), 0, latency, null),
    };
}
