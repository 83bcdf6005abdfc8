using System.Reflection;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Money;
using Agents.Host.Log;
using Marten;
using Microsoft.Extensions.DependencyInjection;

namespace Agents.Host.Tests.Costs;

/// <summary>A bill that lets a run go on: its facts and its place in the queue are one transaction.</summary>
public sealed class ImportTransactionTests(App app)
{
    [Fact]
    public async Task A_run_that_a_bill_lets_go_on_is_resumed_in_the_transaction_of_the_bill()
    {
        var id = await Parked("Is a run resumed in the transaction of the bill?");
        var watch = new Watch();

        await Importer(watch).Import(new("default", "operator", null), Bill(id), TestContext.Current.CancellationToken);

        var saved = Assert.Single(watch.Saved, facts => facts.OfType<SpendResolved>().Any());
        Assert.Equal(["SpendResolved", "RunResumed"], saved.Select(fact => fact.GetType().Name));
        Assert.Equal("It is.", (await app.Finished(id)).GetProperty("answer").GetString());
    }

    [Fact]
    public async Task An_import_that_cannot_be_stored_lets_no_run_go_on()
    {
        const string Question = "Does a run go on for a bill that is not stored?";
        var id = await Parked(Question);
        var before = await app.Facts(id);

        await Assert.ThrowsAnyAsync<Exception>(() =>
            Importer(new Watch { Spoils = true }).Import(new("default", "operator", null), Bill(id), TestContext.Current.CancellationToken));

        Assert.Equal(before.Count, (await app.Facts(id)).Count);
        Assert.Equal(0, await app.Scalar<long>("select count(*) from agents.ready_run where run_id = $1", id));
        Assert.Single(app.Model.Asked(Question));
    }

    /// <summary>A run that stands still for its own budget, because it is not known what its first call has cost.</summary>
    async Task<Guid> Parked(string question)
    {
        app.Model.Says(question, new IOException("gone"), "It is.");
        var id = await app.Queue(question, agent: "own", more: new { budgetUsd = 0.001m });
        await app.Until(id, "parked");
        return id;
    }

    static IReadOnlyList<UsageRow> Bill(Guid run) =>
        UsageExport.Read($"time,model,request_id,cost_usd\n2001-02-03T13:00:00Z,gpt-4o-mini,{run}/1/1,0.0001\n").Rows;

    UsageImporter Importer(Watch watch)
    {
        var services = app.Host.Services;
        var store = Watched.Over(services.GetRequiredService<IDocumentStore>(), watch);
        return new(
            app.Database, new RunTransactions(services.GetRequiredService<IServiceScopeFactory>(), store, services.GetRequiredService<RecentRuns>()),
            services.GetRequiredService<IDefinitions>(),
            services.GetRequiredService<Prices>());
    }

    /// <summary>Sees the facts that a session is about to store in one transaction, and may keep them from being stored.</summary>
    sealed class Watch : DocumentSessionListenerBase
    {
        public List<IReadOnlyList<object>> Saved { get; } = [];

        public bool Spoils { get; init; }

        public override Task BeforeSaveChangesAsync(IDocumentSession session, CancellationToken token)
        {
            Saved.Add([.. session.PendingChanges.Streams().SelectMany(stream => stream.Events).Select(stored => stored.Data)]);
            if (Spoils) session.QueueSqlCommand("select 1 / 0");
            return Task.CompletedTask;
        }
    }

#pragma warning disable CA1852 // a proxy derives from it
    /// <summary>A store whose sessions are watched.</summary>
    class Watched : DispatchProxy
#pragma warning restore CA1852
    {
        IDocumentStore store = null!;
        Watch watch = null!;

        public static IDocumentStore Over(IDocumentStore store, Watch watch)
        {
            var over = Create<IDocumentStore, Watched>();
            ((Watched)(object)over).store = store;
            ((Watched)(object)over).watch = watch;
            return over;
        }

        protected override object? Invoke(MethodInfo? method, object?[]? given)
        {
            var result = method!.Invoke(store, given);
            if (result is IDocumentSession session) session.Listeners.Add(watch);
            return result;
        }
    }
}
