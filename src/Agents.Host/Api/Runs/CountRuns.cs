using Agents.Host.Http;
using Agents.Host.Platform;
using Npgsql;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>How many runs the tenant has in each status.</summary>
public sealed record RunCounts(long Queued, long Running, long Paused, long Parked, long Completed, long Failed, long Cancelled);

/// <summary>How many runs there are in each status.</summary>
public static class CountRunsEndpoint
{
    [WolverineGet("/runs/counts"), Requires(Permissions.Read)]
    public static async Task<RunCounts> Get(NpgsqlDataSource database, HttpContext http, CancellationToken ct)
    {
        var counted = (await database.Query<Counted>(
            "select status, count(*) as runs from agents.run_summary where tenant_id = @tenant group by status", new { Caller.Of(http).Tenant }, ct))
            .ToDictionary(row => row.Status, row => row.Runs);
        return new(Of("queued"), Of("running"), Of("paused"), Of("parked"), Of("completed"), Of("failed"), Of("cancelled"));

        long Of(string status) => counted.GetValueOrDefault(status);
    }

    sealed record Counted(string Status, long Runs);
}
