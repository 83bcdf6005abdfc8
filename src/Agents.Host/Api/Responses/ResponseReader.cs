using System.Runtime.CompilerServices;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Log;
using Agents.Host.Platform;
using Agents.Host.Streaming;
using Npgsql;

namespace Agents.Host.Api.Responses;

/// <summary>Tells responses from their runs' logs: as they are, or as they go on.</summary>
public sealed class ResponseReader(IRunLog log, NpgsqlDataSource database, Definitions definitions, RunFollower follower)
{
    /// <summary>To find out about the run rather than about one of its responses.</summary>
    public const int AllParts = int.MaxValue;

    /// <summary>How long a stream says nothing at most.</summary>
    const int QuietMilliseconds = 15_000;

    /// <summary>The response by its id, as it is now. Null when the tenant has none, or it was deleted.</summary>
    public async Task<ResponseStory?> Find(string tenant, string id, Include include, CancellationToken ct) =>
        ResponseIds.TryParse(id, out var runId, out var part) && !await IsDeleted(tenant, runId, ct)
        && await Read(tenant, runId, part, include, ct) is { HasBegun: true } story ? story : null;

    /// <summary>Null when the tenant has no such run.</summary>
    public async Task<ResponseStory?> Read(string tenant, Guid runId, int part, Include include, CancellationToken ct)
    {
        if (await log.Load(tenant, runId, ct) is not { } loaded) return null;

        var story = new ResponseStory(runId, part, await definitions.Of(loaded.Queued.DefinitionHash, ct), include);
        foreach (var fact in loaded.Facts) story.Add(fact.At, fact.Happened);
        return story;
    }

    /// <summary>The events of a response after a number, then live, to its end; null marks a quiet stretch.</summary>
    public async IAsyncEnumerable<ResponseEvent?> Follow(
        string tenant, Guid runId, int part, long after, Include include, [EnumeratorCancellation] CancellationToken ct)
    {
        ResponseStory? story = null;
        var since = Environment.TickCount64;
        await foreach (var item in follower.Follow(tenant, runId, after: 0, ct))
        {
            if (item is StreamedItem.Heartbeat || Environment.TickCount64 - since > QuietMilliseconds) // much may happen that is not told here
            {
                since = Environment.TickCount64;
                yield return null;
            }

            if (item is StreamedItem.Fact { Happened: RunQueued queued })
                story = new(runId, part, await definitions.Of(queued.DefinitionHash, ct), include);
            foreach (var told in story is null ? [] : story.Add(item))
            {
                if (told.After(after) is not { } missing) continue;
                (after, since) = (missing.Sequence, Environment.TickCount64);
                if (include.AgentSteps || !missing.IsOwn) yield return missing;
            }

            if (story is { HasEnded: true }) yield break;
        }
    }

    /// <summary>Waits for the end of a response, at most so long. The response as it is then.</summary>
    public async Task<ResponseStory> Wait(string tenant, Guid runId, int part, Include include, TimeSpan atMost, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(atMost);
        try
        {
            await foreach (var _ in Follow(tenant, runId, part, long.MaxValue, include, patience.Token)) { }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // It takes longer; it can be asked for by its id.
        }

        return (await Read(tenant, runId, part, include, ct))!;
    }

    /// <summary>Whether a caller wanted it to be shown here no longer.</summary>
    public Task<bool> IsDeleted(string tenant, Guid runId, CancellationToken ct) => database.First<bool>(
        "select exists (select from agents.deleted_response where tenant_id = @tenant and run_id = @run_id)", new { tenant, runId }, ct);

    public Task Delete(string tenant, Guid runId, Actor by, CancellationToken ct) => database.Execute(
        """
        insert into agents.deleted_response (tenant_id, run_id, deleted_by, deleted_by_key)
        values (@tenant, @run_id, @name, @key_id)
        on conflict do nothing
        """, new { tenant, runId, by.Name, by.KeyId }, ct);
}
