using Npgsql;

namespace Agents.Host.Knowledge;

/// <summary>One transaction that adds a version of a document; holds the document's row, so two of one source go one after the other.</summary>
sealed class DocumentVersionTransaction : IAsyncDisposable
{
    readonly NpgsqlConnection connection;
    readonly NpgsqlTransaction transaction;
    readonly string tenant;
    readonly string source;
    string id = "";
    int latest;
    bool isDeleted;

    DocumentVersionTransaction(NpgsqlConnection connection, NpgsqlTransaction transaction, string tenant, string source) =>
        (this.connection, this.transaction, this.tenant, this.source) = (connection, transaction, tenant, source);

    /// <summary>Finds the document or creates it, and locks it.</summary>
    public static async Task<DocumentVersionTransaction> Open(NpgsqlDataSource database, string tenant, string source, CancellationToken ct)
    {
        var connection = await database.OpenConnectionAsync(ct);
        var opened = new DocumentVersionTransaction(connection, await connection.BeginTransactionAsync(ct), tenant, source);
        try
        {
            await using var command = opened.Command(
                """
                insert into agents.document as d (id, tenant_id, source) values ($1, $2, $3)
                on conflict (tenant_id, source) do update set source = excluded.source
                returning d.id, d.latest_version, d.deleted_at is not null
                """,
                Guid.CreateVersion7().ToString("n"), tenant, source);
            await using var row = await command.ExecuteReaderAsync(ct);
            await row.ReadAsync(ct);
            (opened.id, opened.latest, opened.isDeleted) = (row.GetString(0), row.GetInt32(1), row.GetBoolean(2));
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }

        return opened;
    }

    /// <inheritdoc cref="Unchanged(NpgsqlConnection, string, string, byte[], CancellationToken)"/>
    public Task<IngestedDocument?> Unchanged(byte[] hash, CancellationToken ct) => Unchanged(connection, tenant, source, hash, ct);

    /// <summary>The document as it is when its latest version has this content and is searched; else null.</summary>
    public static async Task<IngestedDocument?> Unchanged(
        NpgsqlConnection connection, string tenant, string source, byte[] hash, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            """
            select d.id, v.number, v.passages
            from agents.document d join agents.document_version v on v.document_id = d.id and v.number = d.latest_version
            where d.tenant_id = $1 and d.source = $2 and d.deleted_at is null and v.content_hash = $3
            """, connection) { Parameters = { new() { Value = tenant }, new() { Value = source }, new() { Value = hash } } };
        await using var row = await command.ExecuteReaderAsync(ct);
        return await row.ReadAsync(ct)
            ? new IngestedDocument(source, IngestOutcome.Unchanged, row.GetString(0), row.GetInt32(1), row.GetInt32(2))
            : null;
    }

    /// <summary>Stores the text as the latest version and commits.</summary>
    public async Task<IngestedDocument> Add(ReadText text, byte[] hash, long bytes, CancellationToken ct)
    {
        var title = text.Title ?? Path.GetFileNameWithoutExtension(source);
        var passages = Splitter.Split(title, text).ToList();
        var number = latest + 1;

        await Execute(
            """
            insert into agents.document_version (document_id, number, tenant_id, content_hash, media_type, title, bytes, passages)
            values ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            ct, id, number, tenant, hash, text.MediaType, title, bytes, passages.Count);
        await Execute("update agents.document set latest_version = $2, deleted_at = null where id = $1", ct, id, number);
        await Execute("update agents.passage set words = null where document_id = $1 and words is not null", ct, id);
        await Insert(passages, number, ct);
        await transaction.CommitAsync(ct);
        return new IngestedDocument(source, latest == 0 || isDeleted ? IngestOutcome.Added : IngestOutcome.NewVersion, id, number, passages.Count);
    }

    async Task Insert(List<SplitPassage> passages, int number, CancellationToken ct)
    {
        const int batch = 1_000;
        for (var first = 0; first < passages.Count; first += batch)
        {
            var some = passages.Skip(first).Take(batch).ToArray();
            var words = some.Select(passage => IndexedWords.Of(tenant, source, passage)).ToArray();
            await Execute(
                """
                insert into agents.passage (passage_id, tenant_id, document_id, version, ordinal, heading, text, length, words)
                select $1 || '/' || $2 || '/' || ordinal, $3, $1, $2, ordinal, heading, text, length, words::tsvector
                from unnest($4::integer[], $5::text[], $6::text[], $7::integer[], $8::text[]) as p (ordinal, heading, text, length, words)
                """,
                ct, id, number, tenant,
                Enumerable.Range(first + 1, some.Length).ToArray(), some.Select(passage => passage.Heading).ToArray(),
                some.Select(passage => passage.Text).ToArray(),
                words.Select(word => word.Length).ToArray(), words.Select(word => word.Vector).ToArray());
        }
    }

    async Task Execute(string sql, CancellationToken ct, params object[] values)
    {
        await using var command = Command(sql, values);
        await command.ExecuteNonQueryAsync(ct);
    }

    NpgsqlCommand Command(string sql, params object[] values)
    {
        var command = new NpgsqlCommand(sql, connection, transaction);
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }

    /// <summary>Rolls back what was not committed.</summary>
    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }
}
