using Agents.Host.Platform;
using Agents.Projections;
using JasperFx;
using Marten;
using Npgsql;
using Weasel.Core.Migrations;
using Wolverine.Persistence.Durability;

namespace Agents.Host.Postgres;

/// <summary>Makes and updates all tables before anything else starts, one node at a time, while other nodes work.</summary>
public sealed class DatabaseSetup(NpgsqlDataSource database, IDocumentStore store, IMessageStore messages, EarlyLook early) : IHostedService
{
    /// <summary>Advisory lock of the node that sets up; ASCII "agntsetu".</summary>
    const long SetupLock = 0x61676e7473657475;

    const int RunsAtOnce = 100;

    const string OldFacts = "old facts are chained";

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<string> scripts = [.. ReadModels.Scripts()], ofStore = [.. ReadModels.ScriptsOfStore()];
        var done = await early.Done;
        if (new[] { SetupScripts.Together(scripts), Builds(), SetupScripts.Together(ofStore), OldFacts }
            .All(what => done.Contains(SetupScripts.HashOf(what)))) return;

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await SetupScripts.Execute(connection, $"select pg_advisory_lock({SetupLock})", cancellationToken);
        try
        {
            await SetupScripts.RunOnce(connection, scripts, cancellationToken);
            await SetupScripts.Once(connection, Builds(), MakeStores, cancellationToken);
            await SetupScripts.RunOnce(connection, ofStore, cancellationToken);
            await SetupScripts.Once(connection, OldFacts, () => ChainOldFacts(connection, cancellationToken), cancellationToken);
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
        await ((IDatabase)messages).ApplyAllConfiguredChangesToDatabaseAsync(AutoCreate.CreateOrUpdate);
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
