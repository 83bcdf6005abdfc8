using Agents.Host.Platform;
using Agents.Projections;
using JasperFx;
using Marten;
using Npgsql;
using Wolverine.Persistence.Durability;

namespace Agents.Host.Postgres;

/// <summary>Makes and updates all tables before anything else starts, one node at a time, while other nodes work.</summary>
public sealed class DatabaseSetup(NpgsqlDataSource database, IDocumentStore store, IMessageStore messages) : IHostedService
{
    /// <summary>Advisory lock of the node that sets up; ASCII "agntsetu".</summary>
    const long SetupLock = 0x61676e7473657475;

    const int RunsAtOnce = 100;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await SetupScripts.Execute(connection, $"select pg_advisory_lock({SetupLock})", cancellationToken);
        try
        {
            await SetupScripts.RunOnce(connection, [.. ReadModels.Scripts()], cancellationToken);
            await SetupScripts.Once(connection, Builds(), MakeStores, cancellationToken);
            await SetupScripts.RunOnce(connection, [.. ReadModels.ScriptsOfStore()], cancellationToken);
            await SetupScripts.Once(connection, "old facts are chained", () => ChainOldFacts(connection, cancellationToken), cancellationToken);
        }
        finally
        {
            await SetupScripts.Execute(connection, $"select pg_advisory_unlock({SetupLock})", CancellationToken.None);
        }
    }

    /// <summary>The tables of the event store and of the message store, compared with what they should be: some 700 questions to the catalogue.</summary>
    async Task MakeStores()
    {
        await store.Storage.ApplyAllConfiguredChangesToDatabaseAsync(AutoCreate.CreateOrUpdate);
        await messages.Admin.MigrateAsync();
    }

    /// <summary>Chains the facts from before there were chains, some runs at a time: nobody waits for long who appends to one of them.</summary>
    public static async Task ChainOldFacts(NpgsqlConnection connection, CancellationToken ct)
    {
        while (await connection.First<int>("select agents.chain_old_facts(@runs_at_once)", new { RunsAtOnce }, ct) > 0) { }
    }

    /// <summary>The builds of all that decides what those tables are.</summary>
    string Builds() => string.Join(
        '\n',
        new[]
        {
            typeof(DatabaseSetup), typeof(ReadModels), typeof(IDocumentStore), typeof(Weasel.Postgresql.Tables.Table), typeof(IMessageStore),
            messages.GetType(),
        }.Select(type => $"{type.Assembly.FullName} {type.Module.ModuleVersionId}"));

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
