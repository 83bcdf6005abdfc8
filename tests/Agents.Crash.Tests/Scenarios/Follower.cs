using System.Diagnostics;
using System.Globalization;

namespace Agents.Crash.Tests.Scenarios;

/// <summary>
/// A client of a run's stream that comes back with the last id it has seen, to another node if need be, until it is told that the stream is done.
/// </summary>
static class Follower
{
    /// <returns>The versions in the order in which they came.</returns>
    public static async Task<List<long>> Follow(Rig rig, Guid run, TimeSpan patience)
    {
        var seen = new List<long>();
        var waited = Stopwatch.StartNew();
        for (var attempt = 0; waited.Elapsed < patience; attempt++)
        {
            if (rig.Nodes[attempt % rig.Nodes.Length].Server is { } server && await Read(server, run, seen, patience - waited.Elapsed)) return seen;
            await Task.Delay(50);
        }

        return [];
    }

    /// <returns>Whether the stream has come to its end.</returns>
    static async Task<bool> Read(ServerProcess server, Guid run, List<long> seen, TimeSpan patience)
    {
        using var stop = new CancellationTokenSource(patience);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/runs/{run}/stream");
        if (seen.Count > 0) request.Headers.Add("Last-Event-ID", seen[^1].ToString(CultureInfo.InvariantCulture));
        try
        {
            using var answer = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop.Token);
            if (!answer.IsSuccessStatusCode) return false;
            using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(stop.Token));
            long? id = null;
            while (await lines.ReadLineAsync(stop.Token) is { } line)
            {
                if (line == "data: [DONE]") return true;
                if (line.StartsWith("id: ", StringComparison.Ordinal)) id = long.Parse(line[4..], CultureInfo.InvariantCulture);
                if (line.Length > 0 || id is not { } version) continue;
                seen.Add(version); // a frame counts when it is complete
                id = null;
            }

            return false;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            return false;
        }
    }
}
