using Agents.Host.Api.Batches;
using Agents.Host.Http;

namespace Agents.Host.Cli.Runs;

/// <summary>Short names of batches, as for runs: <c>last</c>, or the beginning or the end of an id.</summary>
static class BatchIds
{
    /// <summary>How many of the newest batches are searched for an abbreviation.</summary>
    const int Newest = 100;

    public static async Task<Guid> Find(Api api, string text, CancellationToken ct)
    {
        if (Guid.TryParse(text, out var id)) return id;

        var batches = (await api.Get($"batches?limit={Newest}", ct)).As<Page<BatchView>>().Items;
        var found = text == "last" ? [.. batches.Take(1)] : batches.Where(batch => RunIds.Abbreviates(text, batch.Id)).ToList();
        return found switch
        {
            [var only] => only.Id,
            [] => throw new VerbException(ExitCodes.NothingFound, $"There is no batch {text}. See: agents batches"),
            _ => throw new VerbException(ExitCodes.Usage, $"{text} fits {found.Count} batches. Say more of the id."),
        };
    }
}
