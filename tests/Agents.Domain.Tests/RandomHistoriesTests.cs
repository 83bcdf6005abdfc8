using System.Collections.Concurrent;
using System.Text.Json;
using Agents.Domain.Costs;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using CsCheck;

namespace Agents.Domain.Tests;

/// <summary>Thousands of runs to which anything happens in any order: commands, reports of any age, lost workers, everything twice.</summary>
public sealed class RandomHistoriesTests
{
    internal static readonly AgentDefinition[] Agents =
    [
        A.Research, A.Assistant, A.Mailer, A.Editor, A.Waiter,
        A.Assistant with { Limits = A.Assistant.Limits with { Attempts = 1, ModelCallsPerStep = 9, CostUsd = 0.04m } },
        A.Assistant with { Fallback = new(["spare", "last"]) },
        A.Research with { AtLimit = AtLimit.Close, Fallback = new(["spare"], Attempts: 2), Limits = A.Research.Limits with { ModelCallsPerStep = 1 } },
        A.Assistant with { AtLimit = AtLimit.Close, Limits = A.Assistant.Limits with { ModelCallsPerStep = 1 } },
    ];

    /// <summary>An agent and what happens to its run, each event a number that the world makes sense of where the run then stands.</summary>
    static readonly Gen<(int Agent, (int Kind, int Choice)[] Happens)> Lives =
        Gen.Select(Gen.Int[0, Agents.Length - 1], Gen.Select(Gen.Int[0, 99], Gen.Int[0, 999]).Array[1, 120]);

    /// <summary>Else the other tests here could hold because nothing happens.</summary>
    [Fact]
    public void Everything_but_children_and_forks_happens_to_some_of_these_runs()
    {
        var happened = new ConcurrentDictionary<string, bool>();
        Check((_, before, news) =>
        {
            foreach (var fact in news.Names()) happened[fact] = true;
            happened[$"{before.Status}"] = true;
            if (before is { Status: RunStatus.Parked, AwaitsBudget.Budget.Scope: BudgetScope.Run }) happened["Parked for its own budget"] = true;
        });

        string[] ofOthers = [nameof(RunQueued), nameof(ChildRunStarted), nameof(ForkStarted), nameof(ForkEnded), nameof(StateInherited)];
        var facts = typeof(RunEvent).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(RunEvent))).Select(type => type.Name);
        var all = facts.Except(ofOthers).Concat(Enum.GetNames<RunStatus>()).Append("Parked for its own budget");
        Assert.Equal(all.Order(StringComparer.Ordinal), happened.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Whatever_happens_a_run_that_runs_has_something_to_wait_for() => Check(
        (world, before, _) => Assert.True(world.Run.Status is not RunStatus.Running || world.Run.IsWaiting(), $"Stuck after {before.Status}."));

    [Fact]
    public void Whatever_happens_after_its_end_a_run_only_pays_its_bills() => Check((_, before, news) =>
    {
        if (before.IsFinished()) Assert.All(news, fact => Assert.True(IsLateOutcome(fact), fact.GetType().Name));
        foreach (var (fact, next) in news.Zip(news.Skip(1)))
            Assert.False(fact is RunCompleted or RunFailed or RunCancelled, $"{next.GetType().Name} follows {fact.GetType().Name}.");
    });

    [Fact]
    public void Whatever_happens_a_report_that_comes_twice_counts_once() => Check((world, _, _) =>
    {
        if (world.LastReport is { } report) Assert.Empty(A.Decide(world.Run, world.Agent, report).Events);
    });

    [Fact]
    public void Whatever_happens_a_checkpoint_goes_on_from_its_json_as_if_nothing_had_been_stored() => CheckHistories((_, history) =>
    {
        var (run, reread) = (Run.Before(A.Id), Stored(Run.Before(A.Id)));
        foreach (var fact in history)
        {
            (run, reread) = (Run.Evolve(run, fact), Stored(Run.Evolve(reread, fact)));
            Assert.Equal(Json(run), Json(reread));
        }
    }, iterations: 100);

    [Fact]
    public void Whatever_happens_a_history_may_be_folded_in_two_parts_cut_anywhere() => CheckHistories((_, history) =>
    {
        var whole = Json(history.Aggregate(Run.Before(A.Id), Run.Evolve));
        for (var cut = 0; cut <= history.Count; cut++)
        {
            var checkpoint = Stored(history.Take(cut).Aggregate(Run.Before(A.Id), Run.Evolve));
            Assert.Equal(whole, Json(history.Skip(cut).Aggregate(checkpoint, Run.Evolve)));
        }
    }, iterations: 30);

    [Fact]
    public void Whatever_happens_what_the_world_decided_is_what_the_history_tells() => CheckHistories((world, history) =>
        Assert.Equal(Json(world.Run), Json(history.Aggregate(Run.Before(A.Id), Run.Evolve))), iterations: 300);

    [Fact]
    public void Whatever_happens_every_decision_is_derived_again_from_what_was_recorded() => CheckHistories((world, history) =>
        Assert.Null(DecisionReplay.Check(A.Id, history, world.Agent)));

    [Fact]
    public void Whatever_happens_a_decision_that_is_stored_in_part_is_found() => CheckHistories((world, history) =>
    {
        for (var left = 1; left < history.Count; left++)
        {
            if (DecisionReplay.Check(A.Id, history[..left], world.Agent) is not { } divergence) continue; // between two decisions
            if (divergence.Stored is PassagesRetrieved) continue; // nothing brings it without the result of the call
            Assert.Null(divergence.Stored);
            Assert.Equal(left + 1L, divergence.Version);
            Assert.Equal(history[left].GetType(), divergence.Decided[0].GetType());
        }
    }, iterations: 30);

    [Fact]
    public void Whatever_happens_each_attempt_is_started_once_and_settled_once_before_the_next() => CheckHistories((_, history) =>
    {
        var attempts = new Dictionary<(object Call, int Attempt), string>();
        foreach (var fact in history)
            switch (fact)
            {
                case ModelCallScheduled e:
                    Assert.DoesNotContain("started", attempts.Values);
                    Assert.True(e.Attempt == 1 || attempts[(e.Call, e.Attempt - 1)] is "settled" or "scheduled"); // one that was refused is not begun
                    if (e.Attempt > 1) attempts[(e.Call, e.Attempt - 1)] = "settled";
                    attempts.Add((e.Call, e.Attempt), "scheduled");
                    break;
                case ToolCallRequested { NeedsApproval: false } e: attempts.Add((e.ToolCallId, 1), "scheduled"); break;
                case ToolCallScheduled e:
                    Assert.True(e.Attempt == 1 || attempts[(e.ToolCallId, e.Attempt - 1)] is "settled");
                    attempts.Add((e.ToolCallId, e.Attempt), "scheduled");
                    break;
                case ModelCallStarted e: Move((e.Call, e.Attempt), "started", "scheduled"); break;
                case ToolCallStarted e: Move((e.ToolCallId, e.Attempt), "started", "scheduled"); break;
                case ModelCallCompleted e: Move((e.Call, e.Attempt), "settled", "started"); break;
                case ModelCallFailed e: Move((e.Call, e.Attempt), "settled", "started"); break;
                case ModelCallOutcomeUnknown e: Move((e.Call, e.Attempt), "settled", "started"); break;
                case ToolCallCompleted e: Move((e.ToolCallId, e.Attempt), "settled", "started", "scheduled"); break;
                case ToolCallFailed { Attempt: > 0 } e: Move((e.ToolCallId, e.Attempt), "settled", "started", "scheduled"); break;
            }

        void Move((object, int) attempt, string to, params string[] from)
        {
            Assert.Contains(attempts[attempt], from);
            attempts[attempt] = to;
        }
    });

    [Fact]
    public void Whatever_happens_waits_end_one_after_the_other_and_use_the_oldest_signal_of_their_name() => CheckHistories((_, history) =>
    {
        WaitStarted? open = null;
        var kept = new List<SignalReceived>();
        foreach (var fact in history)
            switch (fact)
            {
                case SignalReceived e: kept.Add(e); break;
                case WaitStarted e:
                    Assert.Null(open);
                    open = e;
                    break;
                case WaitEnded e:
                    Assert.Equal((open?.Wait, open?.Step), (e.Wait, e.Step));
                    if (e.By is WaitEnd.Signal)
                    {
                        var used = kept.First(signal => signal.Name == open!.Signal);
                        Assert.Equal(used.Payload, e.Payload);
                        kept.Remove(used);
                    }

                    open = null;
                    break;
            }
    });

    [Fact]
    public void Whatever_happens_no_run_that_runs_waits_for_a_signal_that_it_has() => Check((world, _, _) =>
    {
        if (world.Run is { Status: RunStatus.Running, Wait.Signal: { } awaited }) Assert.Null(world.Run.Signals?.First(awaited));
    });

    [Fact]
    public void Whatever_happens_no_more_items_of_a_list_are_under_way_than_may_be() => Check((world, _, _) =>
    {
        if (world.Run is { IsInStep: true } run && world.Agent.Steps[run.Step] is ToolStep { ForEach: { } list })
            Assert.InRange(run.ToolCalls.Values.Count(call => !call.IsSettled()), 0, list.Parallel);
    });

    [Fact]
    public void Whatever_happens_no_call_has_more_attempts_in_a_round_than_it_may() => CheckHistories((world, history) =>
    {
        var attempts = new Dictionary<object, int>();
        foreach (var fact in history)
        {
            if (fact is RunResumed or RunClosing) attempts.Clear(); // the last word has a round of its own
            if (fact is ToolCallResolved resolved) attempts.Remove(resolved.ToolCallId);
            object? call = fact switch
            {
                ModelCallScheduled e => (e.Call, e.Fallback),
                ToolCallScheduled e => e.ToolCallId,
                ToolCallRequested { NeedsApproval: false } e => e.ToolCallId,
                _ => null,
            };
            if (call is not null) Assert.True((attempts[call] = attempts.GetValueOrDefault(call) + 1) <= world.Agent.Limits.Attempts, $"Call {call}.");
        }
    });

    [Fact]
    public void Whatever_happens_a_claimed_tool_that_may_have_had_its_effect_never_runs_again() => CheckHistories((_, history) =>
    {
        var (claimed, unknown) = (new HashSet<string>(), new HashSet<string>());
        foreach (var fact in history)
            switch (fact)
            {
                case ToolCallStarted e: claimed.Add(e.ToolCallId); break;
                case ToolCallFailed { Failure: var failure } e when failure != A.NotReached("").Failure
                    && failure.Kind is not (FailureKind.RateLimited or FailureKind.ToolError or FailureKind.BadArguments) && claimed.Remove(e.ToolCallId):
                    unknown.Add(e.ToolCallId);
                    break;
                case ToolCallFailed e: claimed.Remove(e.ToolCallId); break;
                case ToolCallResolved e: unknown.Remove(e.ToolCallId); break; // a person has looked
                case ToolCallScheduled e: Assert.DoesNotContain(e.ToolCallId, unknown); break;
            }
    });

    [Fact]
    public void Whatever_happens_the_costs_are_the_sum_over_the_facts() => CheckHistories((world, history) =>
    {
        var (spent, tokens, unpriced, unknown, reserved) = (0m, 0L, 0, new Dictionary<(int, int), decimal>(), new Dictionary<(int, int), decimal>());
        foreach (var fact in history)
            switch (fact)
            {
                case ModelCallStarted e: reserved[(e.Call, e.Attempt)] = e.ReservedUsd ?? 0; break;
                case ModelCallCompleted e:
                    (spent, tokens, unpriced) = (spent + (e.Cost?.Usd ?? 0), tokens + (e.Usage?.Total() ?? 0), unpriced + (e.Cost is null ? 1 : 0));
                    if (e.Cost is null) unknown.Add((e.Call, e.Attempt), reserved[(e.Call, e.Attempt)]);
                    break;
                case ModelCallFailed e: spent += e.Cost?.Usd ?? 0; tokens += e.Usage?.Total() ?? 0; break;
                case ModelCallOutcomeUnknown e: unknown.Add((e.Call, e.Attempt), e.HighUsd ?? e.LowUsd); break;
                case SpendResolved e: spent += e.ActualUsd; Assert.True(unknown.Remove((e.Call, e.Attempt))); break;
            }

        Assert.Equal((spent, tokens, unpriced), (world.Run.CostUsd, world.Run.Usage.Total(), world.Run.UnpricedCalls));
        Assert.Equal(spent + unknown.Values.Sum(), world.Run.SpentAtMostUsd());
    });

    [Fact]
    public void Whatever_happens_no_call_is_scheduled_on_a_run_that_has_spent_what_it_may() => Check((world, before, news) =>
    {
        var run = before;
        foreach (var fact in news)
        {
            if (fact is ModelCallScheduled) Assert.True(run.SpentAtMostUsd() < run.MostUsd(world.Agent.Limits));
            run = Run.Evolve(run, fact);
        }
    });

    [Fact]
    public void Whatever_happens_no_call_is_begun_that_could_cost_more_than_the_runs_own_budget_has_room_for() => CheckHistories((_, history) =>
    {
        var run = Run.Before(A.Id);
        foreach (var fact in history)
        {
            if (fact is ModelCallStarted { ReservedUsd: { } upper } && run.BudgetUsd is { } budget) Assert.True(run.SpentAtMostUsd() + upper <= budget);
            run = Run.Evolve(run, fact);
        }
    });

    [Fact]
    public void Whatever_happens_only_a_parked_run_waits_for_a_budget() => Check((world, _, _) =>
        Assert.True(world.Run.AwaitsBudget is null || world.Run.Status is RunStatus.Parked or RunStatus.Failed, $"{world.Run.Status}"));

    [Fact]
    public void Whatever_happens_no_run_stays_parked_for_its_own_budget_when_that_has_room() => Check((world, _, _) =>
    {
        if (world.Run is not { Status: RunStatus.Parked, AwaitsBudget: { Budget.Scope: BudgetScope.Run } refusal }) return;

        var left = world.Run.MostUsd(world.Agent.Limits) - world.Run.CommittedUsd();
        Assert.True(left <= 0 || left < refusal.LeastUsd, $"{left} USD are left, {refusal.LeastUsd} would be enough.");
    });

    [Fact]
    public void Whatever_happens_the_work_owed_is_what_was_scheduled_and_has_no_outcome() => CheckHistories((world, history) =>
    {
        var owed = new HashSet<object>();
        foreach (var fact in history)
            switch (fact)
            {
                case ModelCallScheduled e:
                    owed.Remove(new CallModel(A.Id, e.Call, e.Attempt - 1)); // one that was refused is not begun
                    owed.Add(new CallModel(A.Id, e.Call, e.Attempt));
                    break;
                case ToolCallScheduled e: owed.Add(new RunTool(A.Id, e.ToolCallId, e.Attempt)); break;
                case ToolCallRequested { NeedsApproval: false } e: owed.Add(new RunTool(A.Id, e.ToolCallId, 1)); break;
                case ModelCallCompleted e: owed.Remove(new CallModel(A.Id, e.Call, e.Attempt)); break;
                case ModelCallFailed e: owed.Remove(new CallModel(A.Id, e.Call, e.Attempt)); break;
                case ModelCallOutcomeUnknown e: owed.Remove(new CallModel(A.Id, e.Call, e.Attempt)); break;
                case ToolCallCompleted e: owed.Remove(new RunTool(A.Id, e.ToolCallId, e.Attempt)); break;
                case ToolCallFailed { Attempt: 0 } e: owed.Remove(new RunTool(A.Id, e.ToolCallId, 1)); break; // refused with its request
                case ToolCallFailed e: owed.Remove(new RunTool(A.Id, e.ToolCallId, e.Attempt)); break;
            }

        Assert.Equal(owed, Work.OwedBy(world.Run).Select(work => work.Message).ToHashSet());
    });

    [Fact]
    public void Whatever_happens_the_model_is_called_with_every_tool_request_answered_once() => CheckHistories((_, history) =>
    {
        var told = history.Take(history.FindLastIndex(fact => fact is ModelCallStarted) + 1);
        var turns = Conversation.Of(told, passagesPerStep: 3).Turns;

        Assert.Equal(
            turns.OfType<Turn.Model>().SelectMany(turn => turn.ToolUses).Select(use => use.ToolCallId).Order(StringComparer.Ordinal),
            turns.OfType<Turn.Tool>().Select(turn => turn.ToolCallId).Order(StringComparer.Ordinal));
    });

    [Fact]
    public void Whatever_happened_a_run_ends_when_the_world_is_kind_again() => CheckHistories((world, _) =>
    {
        for (var left = 200; left > 0 && !world.Run.IsFinished() && !world.IsOutOfMoney(); left--) world.BeKind();

        Assert.True(world.Run.IsFinished() || world.IsOutOfMoney(), $"{world.Run.Status}");
    });

    [Fact]
    public void Whatever_happened_a_fork_from_any_version_goes_on_to_an_end_and_pays_for_nothing_that_was_bought() => CheckHistories((world, history) =>
    {
        for (var version = 1; version <= history.Count; version += 3)
        {
            var (at, then) = Forking.PointAt(A.Id, history, world.Agent, version)!.Value;
            if (Forking.UnsafeToolUnderWay(then, _ => true) is not null) continue;

            var inherited = Forking.StateOf(then, history.Take((int)at), world.Agent, "");
            var fork = new World(world.Agent, [A.Question(world.Agent) with { ForkedFrom = new(A.Id, at) }, inherited]);
            Assert.Equal((0m, 0L, then.CostUsd), (fork.Run.CommittedUsd(), fork.Run.Usage.Total(), fork.Run.InheritedUsd));

            for (var left = 200; left > 0 && !fork.Run.IsFinished(); left--) fork.BeKind();

            Assert.Equal(RunStatus.Completed, fork.Run.Status);
            Assert.DoesNotContain(fork.History.OfType<ToolCallRequested>(), call => then.ToolCalls.GetValueOrDefault(call.ToolCallId)?.Status is ToolCallStatus.Completed && then.IsInStep);
            var whole = history.Take((int)at).Skip(1).Prepend(fork.History[0]).Concat(fork.History.Skip(1)).ToList();
            var told = whole.Take(whole.FindLastIndex(fact => fact is ModelCallStarted) + 1);
            var turns = Conversation.Of(told, passagesPerStep: 3).Turns;
            Assert.Equal(
                turns.OfType<Turn.Model>().SelectMany(turn => turn.ToolUses).Select(use => use.ToolCallId).Order(StringComparer.Ordinal),
                turns.OfType<Turn.Tool>().Select(turn => turn.ToolCallId).Order(StringComparer.Ordinal));
            var completed = whole.OfType<StepCompleted>().Select(step => step.Step).ToList();
            if (whole.Exists(fact => fact is RunClosing)) Assert.Equal(world.Agent.LastModelStep(), completed[^1]); // what the last word skips is not made
            else Assert.Equal(whole.OfType<StepStarted>().Select(step => step.Step), completed);
            if (world.Agent != A.Editor && !whole.Exists(fact => fact is RunClosing))
                Assert.Equal(Enumerable.Range(0, world.Agent.Steps.Count), completed);
        }
    }, iterations: 100);

    static bool IsLateOutcome(RunEvent fact) => fact is ModelCallCompleted or ModelCallFailed or ModelCallOutcomeUnknown or SpendResolved
        or ToolCallCompleted or ToolCallFailed or PassagesRetrieved;

    static void CheckHistories(Action<World, List<RunEvent>> holds, int iterations = 300) => Lives.Sample(life =>
    {
        var world = new World(Agents[life.Agent]);
        foreach (var (kind, choice) in life.Happens) world.Happen(kind, choice);
        holds(world, world.History);
    }, iter: iterations);

    static void Check(Action<World, Run, IReadOnlyList<RunEvent>> holds) => Lives.Sample(life =>
    {
        var world = new World(Agents[life.Agent]);
        foreach (var (kind, choice) in life.Happens)
        {
            var before = world.Run;
            holds(world, before, world.Happen(kind, choice));
        }
    }, iter: 300);

    static Run Stored(Run run) => JsonSerializer.Deserialize<Run>(Json(run), StoredJson.Options)!;

    static string Json(Run run) => JsonSerializer.Serialize(run, StoredJson.Options);
}
