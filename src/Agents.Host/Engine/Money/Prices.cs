using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Agents.Domain.Costs;
using Agents.Host.Platform;
using Agents.Host.Postgres;
using Npgsql;

namespace Agents.Host.Engine.Money;

/// <summary>The published price lists. A list is read once; which ones there are is asked again every <see cref="Every"/>.</summary>
public sealed class Prices(NpgsqlDataSource database, DatabaseClock clock) : IPrices, IHostedLifecycleService, IDisposable
{
    /// <summary>How long a node may go on without a list that was published elsewhere.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    /// <summary>Who published what came with the server.</summary>
    static readonly Actor Server = new("server", null);

    static readonly TimeSpan LongestLag = TimeSpan.FromSeconds(1);
    static readonly PriceList Nothing = new("none", []);

    readonly SemaphoreSlim reading = new(1);
    volatile PriceBook book = new([]);
    long latest; // in ticks, UTC
    Task starting = Task.CompletedTask;
    long readAt = -(long)Every.TotalMilliseconds - 1; // the first call reads

    /// <summary>The prices in force for a tenant, now by the database's clock.</summary>
    public async Task<PriceList> InForce(string tenant, CancellationToken ct)
    {
        await starting.WaitAsync(ct);
        if (IsOld()) await Read(ct, unlessReadMeanwhile: true);
        return book.InForce(tenant, Now()) ?? Nothing;
    }

    /// <summary>All lists, read anew.</summary>
    public async Task<PriceBook> Book(CancellationToken ct)
    {
        await starting.WaitAsync(ct);
        await Read(ct);
        return book;
    }

    /// <summary>Stores a list, once and for all.</summary>
    /// <param name="from">Null means now; for the first list of the server, ever since.</param>
    /// <param name="tenant">Whose contract it is. Null when it holds for all.</param>
    /// <returns>Whether it is new; false when a list of that version is there already.</returns>
    /// <exception cref="System.Text.Json.JsonException">It is no price list.</exception>
    public async Task<bool> Publish(
        string json, DateTimeOffset? from, string? tenant, string source, Actor by, bool isShipped, CancellationToken ct)
    {
        var prices = PriceListFormat.Read(json);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var added = await connection.Execute(
            """
            insert into finance.price_list (version, tenant_id, is_shipped, effective_from, source, digest, body, published_by, published_by_key)
            select @version, @tenant, @is_shipped,
              coalesce(@from, case
                when @is_shipped and not exists (select from finance.price_list where is_shipped) then 'epoch'::timestamptz
                else clock_timestamp() end),
              @source, @digest, @json, @by, @key_id
            on conflict do nothing
            """,
            new
            {
                prices.Version,
                tenant,
                isShipped,
                from,
                source,
                digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json))),
                json,
                by = by.Name,
                by.KeyId,
            }, ct);
        if (added == 0) return false;

        await using (var rows = await connection.BeginBinaryImportAsync(
            "copy finance.price (version, model, service_tier, above_tokens, provider, input_usd, cached_input_usd, cache_write_5_minutes_usd, "
            + "cache_write_1_hour_usd, output_usd, reasoning_usd, batch_factor, source, checked, audio_input_usd, audio_output_usd, request_fee_usd, "
            + "web_search_fee_usd) from stdin (format binary)", ct))
        {
            foreach (var row in prices.Entries.SelectMany(entry => RowsOf(prices.Version, entry))) await rows.WriteRowAsync(ct, row);
            await rows.CompleteAsync(ct);
        }

        await transaction.CommitAsync(ct);
        await Read(ct);
        if (from is null) await UntilInForce(prices.Version, ct);
        return true;
    }

    /// <summary>
    /// This node's idea of the database's clock may lag by half a round trip; the caller who publishes a list from now on finds it in force.
    /// </summary>
    async Task UntilInForce(string version, CancellationToken ct)
    {
        var from = book.Published.Where(list => list.Prices.Version == version).Max(list => list.From);
        for (var waited = Stopwatch.StartNew(); Now() < from && waited.Elapsed < LongestLag;) await Task.Delay(1, ct);
    }

    /// <summary>What has come into force stays so: a clock that is measured anew may go back a little.</summary>
    DateTimeOffset Now()
    {
        var now = clock.GetUtcNow().UtcTicks;
        for (var seen = Interlocked.Read(ref latest); now > seen; seen = Interlocked.Read(ref latest))
            if (Interlocked.CompareExchange(ref latest, now, seen) == seen) return new(now, TimeSpan.Zero);
        return new(Interlocked.Read(ref latest), TimeSpan.Zero);
    }

    /// <summary>Goes on beside the start of what comes after it; whoever asks for prices waits for it.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        starting = Task.Run(() => PublishShipped(cancellationToken), cancellationToken);
        return Task.CompletedTask;
    }

    /// <summary>The server does not start when its own list cannot be published.</summary>
    public Task StartedAsync(CancellationToken cancellationToken) => starting.WaitAsync(cancellationToken);

    async Task PublishShipped(CancellationToken ct)
    {
        var isNew = await Publish(
            PriceListFormat.Shipped(), from: null, tenant: null, "prices.json of this server", Server, isShipped: true, ct);
        if (!isNew) await Read(ct);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => reading.Dispose();

    /// <summary>One row for each length of input that has prices of its own.</summary>
    static IEnumerable<object[]> RowsOf(string version, PriceListEntry entry)
    {
        LongInputPrice? next = new(-1, entry.Price);
        while (next is { Price: var price, AboveTokens: var above })
        {
            var flat = (price with { LongInput = null }).AppliedTo(Usage.None);
            yield return
            [
                version, entry.Model, entry.ServiceTier ?? "", above, OrNull(entry.Provider), flat.Input, flat.CachedInput!.Value,
                flat.CacheWrite5Minutes!.Value, flat.CacheWrite1Hour!.Value, flat.Output, flat.Reasoning!.Value, OrNull(entry.BatchFactor),
                OrNull(entry.Source), OrNull(entry.Checked), OrNull(flat.AudioInput), OrNull(flat.AudioOutput), OrNull(entry.Price.RequestFee),
                OrNull(entry.Price.WebSearchFee),
            ];
            next = price.LongInput;
        }
    }

    static object OrNull(object? value) => value ?? DBNull.Value;

    bool IsOld() => Environment.TickCount64 - Interlocked.Read(ref readAt) > Every.TotalMilliseconds;

    /// <param name="unlessReadMeanwhile">Whether it will do that another call has read them while this one waited.</param>
    async Task Read(CancellationToken ct, bool unlessReadMeanwhile = false)
    {
        await reading.WaitAsync(ct);
        try
        {
            if (unlessReadMeanwhile && !IsOld()) return;

            var published = book.Published.ToList();
            var added = await database.Query<ListRow>(
                """
                select number, effective_from, tenant_id, is_shipped, body from finance.price_list
                where not number = any(@known)
                order by number
                """, new { known = published.Select(list => list.Number).ToArray() }, ct);
            published.AddRange(added.Select(row => new PublishedPrices(
                PriceListFormat.Read(row.Body), row.Number, row.EffectiveFrom, row.TenantId, row.IsShipped)));
            book = new(published);
            Interlocked.Exchange(ref readAt, Environment.TickCount64);
        }
        finally
        {
            reading.Release();
        }
    }

    sealed record ListRow(long Number, DateTimeOffset EffectiveFrom, string? TenantId, bool IsShipped, string Body);
}
