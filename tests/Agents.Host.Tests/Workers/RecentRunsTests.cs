using Agents.Domain.Runs;
using Agents.Host.Engine.Deciding;
using Agents.Host.Log;
using JasperFx.Events;
using Marten;
using Microsoft.Extensions.DependencyInjection;

namespace Agents.Host.Tests.Workers;

/// <summary>What a node remembers of the runs that it has stored, and what becomes of a run that has moved on meanwhile.</summary>
public sealed class RecentRunsTests(App app)
{
    readonly Clock clock = new();

    [Fact]
    public void A_run_that_goes_on_is_known_for_a_moment_at_its_version_to_its_tenant()
    {
        var (recent, run) = (new RecentRuns(clock), Searching());

        recent.Stored("default", run, 7);

        Assert.Same(run, recent.At("default", run.Id, 7));
        Assert.Null(recent.At("default", run.Id, 6));
        Assert.Null(recent.Latest("another", run.Id));
        clock.Elapsed = RecentRuns.KeptFor;
        Assert.Null(recent.Latest("default", run.Id));
    }

    [Fact]
    public void A_commit_that_is_heard_of_late_does_not_bring_back_a_run_that_has_stopped()
    {
        var (recent, run) = (new RecentRuns(clock), Searching());

        recent.Stored("default", run with { Status = RunStatus.Paused }, 8);
        recent.Stored("default", run, 7);

        Assert.Null(recent.Latest("default", run.Id));
    }

    [Fact]
    public void A_run_that_another_node_has_written_to_is_forgotten()
    {
        var (recent, run) = (new RecentRuns(clock), Searching());
        recent.Stored("default", run, 7);

        recent.Forget(run.Id);

        Assert.Null(recent.Latest("default", run.Id));
    }

    [Fact]
    public void A_run_that_waits_for_a_person_is_not_kept()
    {
        var (recent, run) = (new RecentRuns(clock), Searching());

        recent.Stored("default", Run.Evolve(run, new ToolCallRequested("s0000t001", null, "shred", "{}", NeedsApproval: true)), 7);

        Assert.Null(recent.Latest("default", run.Id));
    }

    [Fact]
    public async Task What_was_decided_on_a_run_that_has_moved_on_is_refused_by_its_version_and_changes_nothing()
    {
        var id = await app.Queue("What becomes of a late outcome?", "counter");
        await app.Finished(id);
        var before = await app.Facts(id);
        var recent = new RecentRuns(clock);
        recent.Stored("default", Searching() with { Id = id }, before.Count - 2);
        var store = app.Host.Services.GetRequiredService<IDocumentStore>();

        await using var session = store.LightweightSession("default");
        new RunTransaction(session, recent).Known(id)!.Append([new ToolCallCompleted("s0000t001", 1, "found", false, TimeSpan.Zero)]);

        await Assert.ThrowsAsync<EventStreamUnexpectedMaxEventIdException>(() => session.SaveChangesAsync(TestContext.Current.CancellationToken));
        Assert.Equal(before.Count, (await app.Facts(id)).Count);
        await using var reader = store.QuerySession("default");
        Assert.Equal(RunStatus.Completed, (await reader.LoadAsync<Run>(id, TestContext.Current.CancellationToken))!.Status);
    }

    /// <summary>A run with one call of a tool under way.</summary>
    static Run Searching() => new RunEvent[]
    {
        new RunStarted("web1"), new StepStarted(0, "search"), new ToolCallRequested("s0000t001", null, "search_documents", "{}", NeedsApproval: false),
    }.Aggregate(Run.Before(Guid.CreateVersion7()), Run.Evolve);

    sealed class Clock : TimeProvider
    {
        public TimeSpan Elapsed { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Elapsed.Ticks;
    }
}
