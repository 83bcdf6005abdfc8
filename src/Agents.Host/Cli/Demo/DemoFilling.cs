using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Attempts;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Requests;
using Agents.Host.Http;
using Agents.Host.Models;
using Agents.Host.Platform;
using Marten;

namespace Agents.Host.Cli.Demo;

/// <summary>
/// Leads the runs of the demo through the server's own rules, workers and transactions, in the demo's time: what is stored is what a server would
/// have stored, and <c>agents verify</c> holds.
/// </summary>
sealed class DemoFilling(IServiceProvider services, DemoClock clock, DemoModel model, Random random)
{
    const string Worker = "demo";

    /// <summary>More work than any run of the demo has.</summary>
    const int MostWork = 60;

    static readonly Caller Asker = new(Tenants.Default, "demo", null) { SeesMoney = true };

    readonly Decisions decisions = services.GetRequiredService<Decisions>();
    readonly InFlight inFlight = services.GetRequiredService<InFlight>();

    /// <returns>How many runs there are now, children and forks included.</returns>
    public async Task<int> Fill(IEnumerable<DemoRun> runs, Action<int> progress, CancellationToken ct)
    {
        var filled = 0;
        foreach (var run in runs)
        {
            clock.MoveTo(run.At);
            filled += await Fill(run, ct);
            progress(filled);
        }

        return filled;
    }

    async Task<int> Fill(DemoRun wanted, CancellationToken ct)
    {
        var id = await Queue(wanted, ct);
        clock.Advance(TimeSpan.FromMilliseconds(random.Next(40, random.Next(10) < 2 ? 90_000 : 2_500)));
        model.FailNext(wanted.Fate switch
        {
            Fate.TriedAgain => [random.Next(2) == 0 ? FailureKind.RateLimited : FailureKind.Unavailable],
            Fate.Lost => [FailureKind.StreamCut],
            Fate.ParkedByProvider => Enumerable.Repeat(FailureKind.Unavailable, 3),
            _ => [],
        });
        var runs = 1 + await GoOn(id, await Start(id, ct), wanted.Fate, ct);
        if (wanted.Fate is Fate.Approved or Fate.Denied) await Answer(id, wanted.Fate, ct);
        if (wanted.Fate is not Fate.Forked) return runs;

        clock.Advance(TimeSpan.FromMinutes(random.Next(3, 60)));
        return runs + await Fork(id, ct);
    }

    async Task<Guid> Queue(DemoRun wanted, CancellationToken ct)
    {
        var agent = await services.GetRequiredService<AgentCatalog>().Find(Asker.Tenant, wanted.Agent, ct);
        await using var session = services.GetRequiredService<IDocumentStore>().LightweightSession(Asker.Tenant);
        var id = new NewRun(agent, wanted.Question, wanted.Priority, wanted.Labels, wanted.BudgetUsd, null, null, ThreadPlace.None, null)
        {
            Id = clock.NewId(),
        }.Queue(session, services.GetRequiredService<ModelProviders>(), Asker);
        await session.SaveChangesAsync(ct);
        return id;
    }

    /// <summary>Does what the run owes until it owes nothing, or its fate strikes.</summary>
    /// <returns>How many runs it started.</returns>
    async Task<int> GoOn(Guid id, Decision? decided, Fate fate, CancellationToken ct)
    {
        var (owed, started) = (new Queue<Work>(decided?.Work() ?? []), 0);
        for (var done = 0; done < MostWork && owed.TryDequeue(out var work); done++)
        {
            if (done == 1 && await Struck(id, fate, ct)) break;

            clock.Advance(work.Delay + TimeSpan.FromMilliseconds(random.Next(5, 90)));
            if (await Perform(work.Message, ct) is not { } next) continue;

            foreach (var (child, _) in next.Begun)
            {
                clock.Advance(TimeSpan.FromMilliseconds(random.Next(40, 800)));
                started += 1 + await GoOn(child, await Start(child, ct), fate, ct);
                owed.Enqueue(work with { Delay = TimeSpan.Zero }); // the call that waits for it finds its answer now
            }

            foreach (var more in next.Work()) owed.Enqueue(more);
        }

        return started;
    }

    /// <summary>Does what a worker does with a message. Null when nothing follows.</summary>
    async Task<Decision?> Perform(object message, CancellationToken ct)
    {
        switch (message)
        {
            case CallModel call when await services.GetRequiredService<ModelWorker>().Perform(Asker.Tenant, call, ct) is { } report:
                var replied = await Decide(call.RunId, (run, agent) => RunDecider.Decide(run, agent, report), ct);
                inFlight.Forget(call.RunId, InFlight.Of(call));
                return replied;

            case RunTool tool when await services.GetRequiredService<ToolWorker>().Perform(Asker.Tenant, tool, ct) is { } report:
                var brought = await Decide(tool.RunId, (run, agent) => RunDecider.Decide(run, agent, report), ct);
                inFlight.Forget(tool.RunId, InFlight.Of(tool));
                return brought;

            default:
                return null;
        }
    }

    async Task<bool> Struck(Guid id, Fate fate, CancellationToken ct)
    {
        switch (fate)
        {
            case Fate.Cancelled:
                clock.Advance(TimeSpan.FromSeconds(random.Next(2, 40)));
                await Decide(id, (run, agent) => RunDecider.Decide(run, agent, new CancelRun(Asker.Name, "no longer needed")), ct);
                return true;

            case Fate.Paused:
                clock.Advance(TimeSpan.FromSeconds(9));
                await Decide(id, (run, agent) => RunDecider.Decide(run, agent, new PauseRun(Asker.Name, "the documents are being changed")), ct);
                return true;

            case Fate.Expired:
                clock.Advance(TimeSpan.FromHours(1));
                await Decide(id, (run, agent) => RunDecider.Decide(run, agent, new ExpireRun(clock.GetUtcNow())), ct);
                return true;

            default:
                return false;
        }
    }

    /// <summary>A person answers what the run waits for, and it goes on.</summary>
    async Task Answer(Guid id, Fate fate, CancellationToken ct)
    {
        clock.Advance(TimeSpan.FromSeconds(random.Next(40, 9_000)));
        var answered = await Decide(id, (run, agent) =>
        {
            var call = run.ToolCalls.First(one => one.Value.Status is ToolCallStatus.AwaitingApproval).Key;
            return fate is Fate.Approved
                ? RunDecider.Decide(run, agent, new ApproveToolCall(call, Asker.Name))
                : RunDecider.Decide(run, agent, new DenyToolCall(call, Asker.Name, "not for this question"));
        }, ct);
        await GoOn(id, answered, fate, ct);
    }

    /// <summary>Goes on from the middle of a run in another one.</summary>
    async Task<int> Fork(Guid id, CancellationToken ct)
    {
        Forked forked;
        await using (var transaction = services.GetRequiredService<RunTransactions>().Begin(Asker.Tenant))
        {
            forked = await services.GetRequiredService<Forks>().Fork(
                transaction, id, new(Version: 14, Reason: "the same with what was found, once more"), Asker, null, null, ct);
            if (forked.Refusal is not null) return 0;
            await transaction.Commit(ct);
        }

        clock.Advance(TimeSpan.FromSeconds(1));
        return 1 + await GoOn(forked.Id, await Start(forked.Id, ct), Fate.Answered, ct);
    }

    Task<Decision?> Start(Guid id, CancellationToken ct) =>
        Decide(id, (run, agent) => RunDecider.Decide(run, agent, new StartRun(Worker)), ct);

    Task<Decision?> Decide(Guid id, Func<Run, AgentDefinition, Decision> rule, CancellationToken ct) =>
        decisions.Decide(Asker.Tenant, id, rule, ct);
}
