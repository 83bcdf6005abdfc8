using System.Text;
using Agents.Host.Knowledge;
using Agents.Host.Knowledge.Reading;
using Agents.Projections;
using Npgsql;

namespace Agents.Host.Tests.Knowledge;

/// <summary>A knowledge base in a database of its own, and a folder that goes away with the test.</summary>
public abstract class KnowledgeTest : IAsyncLifetime
{
    protected const string Ada = "ada";
    protected const string Bob = "bob";

    protected NpgsqlDataSource Database { get; private set; } = null!;

    protected KnowledgeLimits Limits { get; } = new() { DocumentBytes = 10_000_000 };

    /// <summary>The processes that read for all of these tests; they end with this one.</summary>
    static readonly DocumentReaders Readers = new(new KnowledgeLimits());

    protected Ingest Ingest => new(Database, Limits, Readers);

    protected PassageIndex Index => new(Database, Limits);

    protected Documents Documents => new(Database, Limits);

    protected string Folder { get; } = Directory.CreateTempSubdirectory("agents-knowledge-").FullName;

    public async ValueTask InitializeAsync()
    {
        Database = NpgsqlDataSource.Create(await TestDatabase.Create());
        for (var time = 0; time < 2; time++)
            foreach (var script in new[] { "Changes.sql", "Knowledge.sql" })
            {
                await using var command = Database.CreateCommand(ReadModels.Script(script));
                await command.ExecuteNonQueryAsync();
            }
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected string Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text));

    protected string Write(string name, byte[] content)
    {
        var path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    protected Task<IngestedDocument> Add(string tenant, string source, string text) =>
        Ingest.Document(tenant, source, null, Encoding.UTF8.GetBytes(text));

    protected async Task<long> Count(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
