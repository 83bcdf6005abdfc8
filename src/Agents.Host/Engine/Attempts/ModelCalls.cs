using Agents.Domain.Runs;
using Agents.Host.Engine.Signals;
using Agents.Host.Models;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Attempts;

/// <summary>Calls the model of the request's entry, and lets readers see the words come.</summary>
public sealed class ModelCalls(ModelClients clients, ModelProviders providers, Deltas deltas) : IModelCalls
{
    public async Task<ModelAnswer> Call(
        string tenant, CallModel work, ModelRequest request, TimeSpan? within, CancellationToken aborted, CancellationToken ct)
    {
        var latest = RateHeaders.Collect();
        var entry = request.Entry is { } named ? providers.Named[named] : providers.Main;
        var outcome = await Run(tenant, work, request, entry, within, aborted, ct);
        return new(outcome, latest.Told, latest.SinceReply() ?? TimeSpan.Zero);
    }

    async Task<ModelOutcome?> Run(
        string tenant, CallModel work, ModelRequest request, ModelOptions entry, TimeSpan? within, CancellationToken aborted, CancellationToken ct)
    {
        RequestId.Set(work.RunId, work.Call, work.Attempt);
        using var speaking = deltas.Begin(tenant, work.RunId, work.Call, work.Attempt);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct, aborted);
        try
        {
            FaultPoint.Hit("request-sent");
            return await ModelCall.Run(clients.Of(entry), request.Messages, request.Options, entry.Within(within), speaking.Append, stop.Token);
        }
        catch (OperationCanceledException) when (aborted.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            return null;
        }
    }
}
