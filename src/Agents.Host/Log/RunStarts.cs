using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Log;

/// <summary>How runs have begun lately.</summary>
static class RunStarts
{
    /// <summary>From the latest facts, at most five minutes of them. Null when no run began among them.</summary>
    public static async Task<double?> PerSecond(NpgsqlDataSource database, CancellationToken ct) => await database.First<double?>(
        """
        select count(*) filter (where type = 'run_started')::double precision
          / greatest(1, extract(epoch from clock_timestamp() - case
              when count(*) < 20000 then least(min(timestamp), clock_timestamp() - interval '1 minute')
              else min(timestamp) end))
        from (select type, timestamp from agents.mt_events
              where seq_id > (select max(seq_id) - 20000 from agents.mt_events)) latest
        where timestamp > clock_timestamp() - interval '5 minutes'
        """, null, ct) is > 0 and var rate ? rate : null;
}
