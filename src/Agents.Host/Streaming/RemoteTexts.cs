using Agents.Host.Engine.Signals;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Streaming;

/// <summary>
/// What models are saying on other nodes: reads what those nodes have written down, and asks them to go on doing so while there are readers here.
/// </summary>
sealed class RemoteTexts(NodeSignals signals, NpgsqlDataSource database)
{
    /// <summary>Gives each hub what is new of its run's attempt under way, if that runs on another node.</summary>
    public async Task Read(IEnumerable<RunHub> hubs, CancellationToken ct)
    {
        var wanted = new List<(RunHub Hub, int Call, int Attempt, int Known)>();
        foreach (var hub in hubs)
            if (hub.HasReaders && hub.NeedsRemoteText(out var text)) wanted.Add((hub, text.Call, text.Attempt, text.Known));
        if (wanted.Count == 0) return;

        foreach (var one in wanted) signals.AnnounceElsewhere(new(one.Hub.RunId, News.Followed));
        var byRun = wanted.ToDictionary(one => one.Hub.RunId, one => one.Hub);
        var pieces = database.Stream<Piece>(
            """
            select d.run_id, d.call, d.attempt, d.begins_at, d.text
            from unnest(@tenants, @run_ids, @calls, @attempts, @known) w(tenant_id, run_id, call, attempt, known)
            join agents.delta d on d.tenant_id = w.tenant_id and d.run_id = w.run_id and d.call = w.call and d.attempt = w.attempt
              and d.ends_at > w.known
            order by d.run_id, d.begins_at
            """,
            new
            {
                tenants = wanted.Select(one => one.Hub.Tenant).ToArray(),
                runIds = wanted.Select(one => one.Hub.RunId).ToArray(),
                calls = wanted.Select(one => one.Call).ToArray(),
                attempts = wanted.Select(one => one.Attempt).ToArray(),
                known = wanted.Select(one => one.Known).ToArray(),
            }, ct);
        await foreach (var piece in pieces) byRun[piece.RunId].AddRemoteText(piece.Call, piece.Attempt, piece.BeginsAt, piece.Text);
    }

    readonly record struct Piece(Guid RunId, int Call, int Attempt, int BeginsAt, string Text);
}
