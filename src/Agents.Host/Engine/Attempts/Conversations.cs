using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Log;
using Microsoft.Extensions.Caching.Memory;

namespace Agents.Host.Engine.Attempts;

/// <summary>
/// What this node told the models of runs last. The next call of a run reads and folds only what has happened since, so that the thousandth costs what the
/// second does.
/// </summary>
/// <remarks>Facts never change: what is kept is never wrong, only old.</remarks>
public sealed class Conversations(IRunLog log, IDefinitions definitions) : IDisposable
{
    /// <summary>Tokens that the kept conversations hold at most, as requests count them. Those not asked for longest are forgotten first.</summary>
    const long MostTokens = 16_000_000;

    /// <summary>How long a conversation is kept that nothing asks for.</summary>
    static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(2);

    readonly MemoryCache kept = new(new MemoryCacheOptions { SizeLimit = MostTokens });

    /// <summary>The run as it is now, and what its model is to be told. Null when the tenant has no such run.</summary>
    public async Task<ToldRun?> Of(string tenant, Guid runId, CancellationToken ct)
    {
        if (kept.Get<ToldRun>((tenant, runId)) is not { } told) return await Whole(tenant, runId, ct);

        var happened = await log.Since(tenant, runId, told.Version, ct);
        var agent = await definitions.Of(told.Run.DefinitionHash, ct);
        return told with
        {
            Run = happened.Aggregate(told.Run, Run.Evolve),
            Version = told.Version + happened.Count,
            Conversation = told.Conversation.After(happened, agent.Limits.PassagesPerStep),
        };
    }

    /// <param name="tokens">Of the request that was made of it.</param>
    public void Keep(string tenant, ToldRun told, long tokens) =>
        kept.Set((tenant, told.Run.Id), told, new MemoryCacheEntryOptions { Size = tokens, SlidingExpiration = KeptFor });

    public void Dispose() => kept.Dispose();

    async Task<ToldRun?> Whole(string tenant, Guid runId, CancellationToken ct)
    {
        if (await log.Load(tenant, runId, ct) is not { } loaded) return null;

        var agent = await definitions.Of(loaded.Run.DefinitionHash, ct);
        var said = loaded.Queued.Previous is null ? [] : await log.SaidBefore(tenant, loaded.Queued, ct);
        return new(
            loaded.Run, loaded.Version, loaded.Queued, Conversation.Of(await log.Whole(tenant, loaded, ct), agent.Limits.PassagesPerStep, said));
    }
}

/// <param name="Version">Of the last fact that is folded into both.</param>
/// <param name="Queued">The run's first fact.</param>
public sealed record ToldRun(Run Run, long Version, RunQueued Queued, Conversation Conversation);
