using System.Text.Json;
using System.Text.Json.Serialization;
using Agents.Domain.Runs;
using Agents.Host.Cli.Display;
using Agents.Host.Log;
using Agents.Projections;

namespace Agents.Host.Tests.Cli;

public sealed class FactTextTests
{
    static readonly JsonSerializerOptions Stored = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    static readonly Failure Slow = new(FailureKind.RateLimited, "Slow down.", TimeSpan.FromSeconds(2));
    static readonly Passage Found = new("d", 1, "d/1/1", "guide.md", "Guide", "Text", 1.5);

    public static TheoryData<RunEvent, string> Texts => new()
    {
        { new RunQueued("research", 1, "hash", "m", "Why?", 5, "ada", TimeSpan.FromMinutes(30)), "research version 1, priority 5, for ada: Why?" },
        { new StateInherited(1, "search", true, new Dictionary<int, string>(), 1, [], 0.02m, "another try"),
            "step 2 search, inherited $0.02: another try" },
        { new StateInherited(-1, "", false, new Dictionary<int, string>(), 0, [], 0, ""), "nothing done yet, inherited $0.00" },
        { new ForkStarted(Guid.Empty, 0.25m), "run 00000000-0000-0000-0000-000000000000, for at most $0.25" },
        { new ForkEnded(Guid.Empty, 0.125m), "run 00000000-0000-0000-0000-000000000000 has spent $0.125" },
        { new RunStarted("node1"), "on node1" },
        { new RunPaused("ada", "lunch"), "by ada: lunch" },
        { new RunResumed("ada", ""), "by ada" },
        { new RunParked(Slow), "RateLimited: Slow down." },
        { new RunBudgetChanged(2.5m, "ada", "worth it"), "$2.50, by ada: worth it" },
        { new ModelCallStarted(1, 1, "node1", "hash", "2026-11", 0.02m, 512), "call 1, on node1, at most $0.02, at most 512 tokens of reply" },
        { new RunCompleted("So.", [new(1, "d", 1, "p", "guide.md", "Guide")]), "1 citation: So." },
        { new RunFailed(Slow), "RateLimited: Slow down." },
        { new RunCancelled("ada", "enough"), "by ada: enough" },
        { new StepStarted(0, "plan"), "1 plan" },
        { new StepStarted(0, "plan", Visit: 1), "1 plan" },
        { new StepStarted(0, "plan", Visit: 2), "1 plan, visit 2" },
        { new StepSkipped(1, "judge", SkipReason.Condition), "2 judge, its condition does not hold" },
        { new StepSkipped(1, "judge", SkipReason.Visits), "2 judge, taken as often as it may be" },
        { new StepCompleted(0, "queries"), "1: queries" },
        { new StepCompleted(1, ""), "2" },
        { new WaitStarted(1, 2, "approved", null, TimeSpan.FromMinutes(5)), "3, for signal approved, for 5 min 0 s" },
        { new WaitStarted(1, 2, null, DateTimeOffset.UnixEpoch, null), $"3, until {Formats.Time(DateTimeOffset.UnixEpoch)}" },
        { new WaitEnded(1, 2, WaitEnd.Time, ""), "3, by time" },
        { new WaitEnded(1, 2, WaitEnd.Signal, "yes"), "3, by signal: yes" },
        { new SignalReceived("approved", "yes", "s-1", "ada"), "approved, by ada: yes" },
        { new ModelCallScheduled(1, 1, 0, "m", TimeSpan.Zero), "call 1, m" },
        { new ModelCallScheduled(1, 2, 0, "m", TimeSpan.FromSeconds(4)), "call 1 attempt 2, m, in 4.0 s" },
        { new ModelCallStarted(1, 1, "node1", "hash", "2026-11", 0.02m), "call 1, on node1, at most $0.02" },
        { new ModelCallStarted(1, 1, "node1", "hash", null, null), "call 1, on node1" },
        { new ModelCallCompleted(1, 1, new("Text", [], [], "m", "stop"), new(100, 10, 20), null, new(0.01m, "2026-11"), TimeSpan.FromSeconds(2)),
            "call 1, 120 in / 10 out tokens, $0.01, 2.0 s: Text" },
        { new ModelCallCompleted(1, 1, new("Text", [], [], "m", "stop"), null, null, null, TimeSpan.FromSeconds(2)),
            "call 1, tokens unknown, cost unknown, 2.0 s: Text" },
        { new ModelCallFailed(1, 1, Slow, TimeSpan.FromSeconds(2)), "call 1, 2.0 s, RateLimited: Slow down." },
        { new ModelCallOutcomeUnknown(1, 1, UnknownCause.WorkerLost, 0, 0.02m), "call 1, WorkerLost, may have cost $0.00 to $0.02" },
        {
            new ModelCallOutcomeUnknown(1, 1, UnknownCause.StreamCut, 0, 0.02m, Slow, "It is"),
            "call 1, StreamCut, may have cost $0.00 to $0.02, RateLimited: Slow down."
        },
        { new RunCompleted("So.", [], "length"), "0 citations, cut off by length: So." },
        { new RunCompleted("So.", [], "budget"), "0 citations, early for want of budget: So." },
        { new RunClosing("budget", 3), "for want of budget, step 4 gives the last word" },
        {
            new ModelCallScheduled(1, 2, 0, "fast/m", TimeSpan.Zero, 1, Slow),
            "call 1 attempt 2, fast/m, because RateLimited: Slow down."
        },
        { new ModelCallOutcomeUnknown(1, 1, UnknownCause.WorkerLost, 0, null), "call 1, WorkerLost, may have cost $0.00 to an unknown amount" },
        { new SpendResolved(1, 1, 0.01m, SpendSource.LateReply), "call 1, did cost $0.01, by LateReply" },
        { new ToolCallRequested("t1", 1, "search_documents", "{}", true), "call t1, search_documents {}, needs approval" },
        { new ToolCallApproved("t1", "ada"), "call t1, by ada" },
        { new ToolCallDenied("t1", "ada", "no"), "call t1, by ada: no" },
        { new ToolCallScheduled("t1", 1, TimeSpan.Zero), "call t1, attempt 1" },
        { new ToolCallStarted("t1", 1, "node1"), "call t1, attempt 1, on node1" },
        { new ChildRunStarted("t1", 1, Guid.Empty, "research", 0.25m),
            "call t1, run 00000000-0000-0000-0000-000000000000 of research, for at most $0.25" },
        { new ToolCallCompleted("t1", 1, "10 passages.", false, TimeSpan.FromMilliseconds(20)), "call t1, 20 ms: 10 passages." },
        { new ToolCallFailed("t1", 1, Slow, TimeSpan.FromMilliseconds(20)), "call t1, 20 ms, RateLimited: Slow down." },
        { new ToolCallFailed("t1", 1, new(FailureKind.OutcomeUnknown, "Cut."), TimeSpan.FromMilliseconds(20)),
            "call t1, 20 ms, not made again, OutcomeUnknown: Cut." },
        { new ToolCallResolved("t1", 1, "sent", null, "ada", "I looked"), "call t1, had its effect, by ada: I looked: sent" },
        { new ToolCallResolved("t1", 1, null, "never sent", "ada", ""), "call t1, had no effect, by ada: never sent" },
        { new ToolCallResolved("t1", 1, null, null, "ada", ""), "call t1, had no effect and is made again, by ada" },
        { new PassagesRetrieved("t1", "why", [Found]), "call t1, 1 passage for “why”" },
    };

    [Theory, MemberData(nameof(Texts), DisableDiscoveryEnumeration = true)]
    public void A_fact_is_told_in_a_few_words(RunEvent happened, string text) => Assert.Equal(text, FactText.Of(ViewOf(happened)));

    [Fact]
    public void No_stored_fact_is_forgotten() => Assert.Empty(EventNames.All.Keys.Except(Texts.Select(row => row.Data.Item1.GetType())));

    [Fact]
    public void A_fact_of_a_newer_server_is_shown_as_it_is() =>
        Assert.Equal("""{"a":1}""", FactText.Of(new(1, "run_forked", default, JsonSerializer.SerializeToElement(new { a = 1 }))));

    [Fact]
    public void A_line_begins_with_the_time_in_UTC_and_the_stored_name() => Assert.Equal(
        "[2026-11-23T02:42:19.143Z] step_started: 1 plan",
        FactText.Line(ViewOf(new StepStarted(0, "plan")) with { At = new(2026, 11, 23, 3, 42, 19, 143, TimeSpan.FromHours(1)) }));

    [Fact]
    public void A_long_fact_stays_on_one_line()
    {
        var line = FactText.Line(ViewOf(new RunCompleted(new string('x', 500) + "\nmore", [])));

        Assert.EndsWith("…", line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
    }

    static EventView ViewOf(RunEvent happened) =>
        new(1, EventNames.All[happened.GetType()], DateTimeOffset.UnixEpoch, JsonSerializer.SerializeToElement(happened, happened.GetType(), Stored));
}
