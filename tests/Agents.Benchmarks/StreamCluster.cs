using System.Collections.Concurrent;
using System.Net.ServerSentEvents;
using Agents.Crash.Tests;
using Agents.Host.Postgres;
using Agents.Host.Tests.Models;
using Npgsql;

namespace Agents.Benchmarks;

/// <summary>Servers as processes of their own on one throw-away PostgreSQL with fsync on, and a provider that talks word by word.</summary>
sealed class StreamCluster : IAsyncDisposable
{
    readonly string directory;
    readonly EmbeddedServer postgres;
    readonly FakeProvider provider;
    readonly NpgsqlDataSource database;

    StreamCluster(string directory, EmbeddedServer postgres, FakeProvider provider, ServerProcess[] nodes)
    {
        (this.directory, this.postgres, this.provider, Nodes) = (directory, postgres, provider, nodes);
        database = NpgsqlDataSource.Create(postgres.ConnectionString);
        Readers = new(new SocketsHttpHandler { MaxConnectionsPerServer = int.MaxValue }) { Timeout = Timeout.InfiniteTimeSpan };
    }

    public IReadOnlyList<ServerProcess> Nodes { get; }

    /// <summary>For streams: as many connections as there are readers.</summary>
    public HttpClient Readers { get; }

    /// <param name="word">How long the provider takes for a word.</param>
    public static async Task<StreamCluster> Start(int nodes, TimeSpan word, params (string Name, string Value)[] settings)
    {
        var directory = Path.Combine(Path.GetTempPath(), $"agents-benchmark-{Guid.CreateVersion7():N}");
        var options = new EmbeddedServerOptions { MayDownload = false };
        await using (var first = await EmbeddedServer.Start(directory, options, CancellationToken.None))
        await using (var source = NpgsqlDataSource.Create(first.ConnectionString))
        await using (var remember = source.CreateCommand("alter system set track_commit_timestamp = on")) // from the next start on
            await remember.ExecuteNonQueryAsync();
        var postgres = await EmbeddedServer.Start(directory, options, CancellationToken.None);
        var provider = await FakeProvider.Start();
        provider.Otherwise(request =>
            FakeReply.Answer($"These are the words of reply {request.Number}.", new(1000, 100)) with { BetweenFrames = word });
        var started = new List<ServerProcess>();
        for (var node = 0; node < nodes; node++) started.Add(await ServerProcess.Start(postgres.ConnectionString, provider.Address, settings));
        return new(directory, postgres, provider, [.. started]);
    }

    public async Task Execute(string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T> Scalar<T>(string sql)
    {
        await using var command = database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>When the facts of these runs were committed, by run and version.</summary>
    public async Task<IReadOnlyDictionary<(Guid Run, string Version), DateTimeOffset>> CommitTimes(IEnumerable<Guid> runs)
    {
        await using var command = database.CreateCommand(
            "select stream_id, version::text, pg_xact_commit_timestamp(xmin) from agents.mt_events where stream_id = any($1)");
        command.Parameters.Add(new() { Value = runs.ToArray() });
        await using var rows = await command.ExecuteReaderAsync();
        var times = new Dictionary<(Guid, string), DateTimeOffset>();
        while (await rows.ReadAsync()) times[(rows.GetGuid(0), rows.GetString(1))] = rows.GetFieldValue<DateTimeOffset>(2);
        return times;
    }

    /// <summary>Statements that the database has done.</summary>
    public Task<decimal> Statements() => Scalar<decimal>("select coalesce(sum(calls), 0) from pg_stat_statements");

    /// <summary>The frames of a stream.</summary>
    public async IAsyncEnumerable<SseItem<string>> Frames(ServerProcess node, string url, string? last = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(node.Client.BaseAddress!, url));
        if (last is not null) request.Headers.Add("Last-Event-ID", last);
        using var answer = await Readers.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"{answer.StatusCode} {await answer.Content.ReadAsStringAsync()}\n{node.Output}");
        await using var body = await answer.Content.ReadAsStreamAsync();
        await foreach (var frame in SseParser.Create(body).EnumerateAsync()) yield return frame;
    }

    public async ValueTask DisposeAsync()
    {
        Readers.Dispose();
        await database.DisposeAsync();
        foreach (var node in Nodes) await node.DisposeAsync();
        await provider.DisposeAsync();
        await postgres.DisposeAsync();
        await EmbeddedServer.Reset(directory, CancellationToken.None);
        Directory.Delete(directory, recursive: true);
    }
}

/// <summary>Milliseconds, and where they lie.</summary>
sealed class Milliseconds
{
    readonly ConcurrentBag<double> all = [];

    public void Add(TimeSpan time) => all.Add(time.TotalMilliseconds);

    public object Figures()
    {
        var sorted = all.Order().ToArray();
        double At(double share) => sorted.Length == 0 ? double.NaN : Math.Round(sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))], 1);
        return new { count = sorted.Length, p50 = At(0.5), p90 = At(0.9), p99 = At(0.99), max = At(1) };
    }
}
