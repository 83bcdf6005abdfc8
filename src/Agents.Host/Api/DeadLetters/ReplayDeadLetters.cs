using Agents.Host.Http;
using Agents.Host.Log;
using Wolverine.Http;

namespace Agents.Host.Api.DeadLetters;

/// <summary>Sends all messages of the tenant again that were given up, at most 1,000 at once.</summary>
public static class ReplayDeadLettersEndpoint
{
    const int MostAtOnce = 1000;

    [WolverinePost("/dead-letters/replay"), Requires(Permissions.Operate)]
    public static async Task<ChangedLetters> Post(DeadLetterLog letters, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        var all = await letters.List(caller.Tenant, caller.IsPlatform, null, MostAtOnce, ct);
        return new(await letters.Replay(caller.Tenant, [.. all.Select(letter => letter.Id)], caller.Actor, ct));
    }
}
