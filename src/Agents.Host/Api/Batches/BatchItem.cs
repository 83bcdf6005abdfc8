using System.Text.Json;
using Agents.Host.Catalog;
using Agents.Host.Engine.Requests;
using Agents.Host.Http;
using Agents.Host.Models;
using Marten;

namespace Agents.Host.Api.Batches;

/// <summary>One item of a batch on its way to a run.</summary>
sealed class BatchItem(int index, QueueRunRequest? request, AskedAgent? agent, BatchProblem? problem)
{
    public int Index => index;

    /// <summary>Null when its JSON could not be read.</summary>
    public QueueRunRequest? Request => request;

    /// <summary>What its name of an agent stands for. Null when its JSON could not be read.</summary>
    public AskedAgent? Agent => agent;

    /// <summary>Why it is refused. Null when it is not.</summary>
    public BatchProblem? Problem { get; set; } = problem;

    /// <summary>The run that does it. Null when it is refused, or not made yet.</summary>
    public Guid? RunId { get; set; }

    /// <summary>An earlier run, or an earlier item, does it.</summary>
    public bool IsRepeated { get; set; }

    /// <summary>It begins a run.</summary>
    public bool IsNew => Problem is null && !IsRepeated;

    public string Status => Problem is not null ? "refused" : IsRepeated ? "repeated" : "queued";

    public static async Task<BatchItem> Of(
        JsonElement item, int index, AgentsOfBatch agents, ModelProviders models, DateTimeOffset now, CancellationToken ct)
    {
        var (request, problem) = QueueBatchRequest.Item(item);
        var agent = request is null ? null : await agents.Find(request.Agent, ct);
        if (problem is null && RunRequests.Problem(request!, agent!, models, now) is { } refusal)
            problem = new(refusal.Problem().Status!.Value, refusal.Title, refusal.Detail);
        if (problem is null && request!.ThreadId is not null)
            problem = new(400, "A thread in a batch", "The runs of a thread come one after the other: ask for them one by one with POST /runs.");
        return new(index, request, agent, problem);
    }
}

/// <summary>What the names of agents stand for, the same for each item of a batch.</summary>
sealed class AgentsOfBatch(AgentCatalog agents, string tenant)
{
    const string None = "\0"; // no request has a NUL

    readonly Dictionary<string, AskedAgent> found = new(StringComparer.Ordinal);

    public async ValueTask<AskedAgent> Find(string? asked, CancellationToken ct) =>
        found.TryGetValue(asked ?? None, out var known) ? known : found[asked ?? None] = await agents.Find(tenant, asked, ct);
}

static class BatchItems
{
    /// <summary>Finds the items whose own keys came before: with an earlier request, or with an earlier item.</summary>
    public static async Task FindRepeated(this IReadOnlyList<BatchItem> items, IDocumentSession session, CancellationToken ct)
    {
        var keyed = items.Where(item => item is { Problem: null, Request.IdempotencyKey: not null }).GroupBy(
            item => item.Request!.IdempotencyKey!, StringComparer.Ordinal).ToList();
        var earlier = await EarlierRuns.Find(session, [.. keyed.Select(same => same.Key)], ct);
        foreach (var same in keyed)
        {
            var run = earlier.GetValueOrDefault(same.Key);
            var hash = run?.RequestHash ?? RunRequests.HashOf(same.First().Request!);
            foreach (var item in run is null ? same.Skip(1) : same)
            {
                if (RunRequests.HashOf(item.Request!) != hash)
                    item.Problem = new(422, "Idempotency-Key used before", "This key came with another request. Use a new key for a new run.");
                else (item.IsRepeated, item.RunId) = (true, run?.RunId);
            }
        }
    }

    /// <summary>Queues the new ones in the session's transaction.</summary>
    public static void Queue(
        this IReadOnlyList<BatchItem> items, Guid batchId, DateTimeOffset now, IDocumentSession session, ModelProviders models, Caller caller)
    {
        var byKey = new Dictionary<string, Guid>(StringComparer.Ordinal);
        foreach (var item in items.Where(item => item.IsNew))
        {
            var key = item.Request!.IdempotencyKey;
            var run = RunRequests.Run(
                item.Request, item.Agent!, now, key, key is null ? null : RunRequests.HashOf(item.Request), ThreadPlace.None) with
            {
                Batch = batchId,
            };
            item.RunId = run.Queue(session, models, caller);
            if (key is not null) byKey[key] = item.RunId.Value;
        }

        foreach (var item in items.Where(item => item is { IsRepeated: true, RunId: null })) item.RunId = byKey[item.Request!.IdempotencyKey!];
    }
}
