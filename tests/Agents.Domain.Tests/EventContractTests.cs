using System.Collections;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Agents.Domain.Costs;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Domain.Tests;

/// <summary>A stored fact is a promise: its name, its fields and its enum members stay what they are for ever.</summary>
public sealed partial class EventContractTests
{
    static readonly Failure Slow = new(FailureKind.Unavailable, "slow down", TimeSpan.FromSeconds(17));

    static readonly Citation Cited = new(1, "doc-1", 2, "p-1", "rag.md", "RAG", "to the letter");

    static readonly Usage Everything = new(1, 2, 3, 4, 5, 6, 7, 8, 9);

    static readonly Price Unit = new(1, 2, 0.5m, 1, 1, 2, new(200_000, new(2, 4, 1, 2, 2, 4, null, 20, 40, 0.005m, 0.01m)), 10, 20, 0.005m, 0.01m);

    /// <summary>Every fact with every field filled, under the name it is stored by, and as it is stored.</summary>
    internal static readonly (string Name, RunEvent Fact, string Json)[] Samples =
    [
        ("run_queued", new RunQueued("research", 3, "4867e34a", "small", "What is RAG?", 5, "ada", TimeSpan.FromMinutes(90),
            new Dictionary<string, string> { ["ticket"] = "42" }, 0.25m, "key-1", "9f86d081", new(A.Id, 7, A.Id), A.Id,
            "00-0af7651916cd43dd-b7ad6b71-01",
            "thread-1", A.Id, A.Id,
            new("Be brief.", [new(Speaker.User, "And?"), new(Speaker.Assistant, "So.")], 100, IsAwaited: true, PreviousPart: 2,
                """{"type":"object"}""", new(0.5, 0.9, 7, ReasoningEffort.Low, ["END"], true, true)),
            DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddHours(1), A.Id, new(A.Id, DateTimeOffset.UnixEpoch),
            new(A.Id, "c0001t001", 1, A.Id, 2), "741f4717", RecordedTools: true),
            """{"agent":"research","agentVersion":3,"definitionHash":"4867e34a","model":"small","question":"What is RAG?","priority":5,"requestedBy":"ada","maxDuration":"01:30:00","metadata":{"ticket":"42"},"budgetUsd":0.25,"idempotencyKey":"key-1","requestHash":"9f86d081","forkedFrom":{"run":"0199a0c4-0000-7000-8000-000000000001","version":7,"root":"0199a0c4-0000-7000-8000-000000000001"},"parent":"0199a0c4-0000-7000-8000-000000000001","traceParent":"00-0af7651916cd43dd-b7ad6b71-01","threadId":"thread-1","previous":"0199a0c4-0000-7000-8000-000000000001","after":"0199a0c4-0000-7000-8000-000000000001","brief":{"instructions":"Be brief.","earlier":[{"by":"User","text":"And?"},{"by":"Assistant","text":"So."}],"outputTokens":100,"isAwaited":true,"previousPart":2,"outputSchema":"{\u0022type\u0022:\u0022object\u0022}","parameters":{"temperature":0.5,"topP":0.9,"seed":7,"reasoningEffort":"Low","stop":["END"],"parallelToolCalls":true,"cacheBreakpoints":true}},"notBefore":"1970-01-01T00:00:00+00:00","deadline":"1970-01-01T01:00:00+00:00","batch":"0199a0c4-0000-7000-8000-000000000001","schedule":{"schedule":"0199a0c4-0000-7000-8000-000000000001","at":"1970-01-01T00:00:00+00:00"},"childOf":{"run":"0199a0c4-0000-7000-8000-000000000001","toolCallId":"c0001t001","attempt":1,"root":"0199a0c4-0000-7000-8000-000000000001","depth":2},"requestedByKey":"741f4717","recordedTools":true}"""),
        ("state_inherited", new StateInherited(
            1, "search", true, new Dictionary<int, string> { [1] = "one" }, 2,
            [new("s0001t001", "search_documents", "{}", ToolCallStatus.Failed, 2, FailureKind.ToolError, "found")], 0.02m, "another try",
            [new(2, "c0001t002")], KeepsResults: true, KeepsAnswer: true, new Dictionary<int, int> { [1] = 2 }, new("So.", [Cited], "length", "{}")),
            """{"step":1,"name":"search","isInStep":true,"outputs":{"1":"one"},"modelCalls":2,"toolCalls":[{"toolCallId":"s0001t001","tool":"search_documents","arguments":"{}","status":"Failed","attempt":2,"failure":"ToolError","result":"found"}],"inheritedUsd":0.02,"reason":"another try","doubts":[{"step":2,"toolCallId":"c0001t002"}],"keepsResults":true,"keepsAnswer":true,"visits":{"1":2},"answer":{"text":"So.","citations":[{"number":1,"documentId":"doc-1","documentVersion":2,"passageId":"p-1","source":"rag.md","title":"RAG","quote":"to the letter"}],"incomplete":"length","output":"{}"}}"""),
        ("fork_started", new ForkStarted(A.Id, 0.25m),
            """{"fork":"0199a0c4-0000-7000-8000-000000000001","heldUsd":0.25}"""),
        ("fork_ended", new ForkEnded(A.Id, 0.125m),
            """{"fork":"0199a0c4-0000-7000-8000-000000000001","spentUsd":0.125}"""),
        ("run_started", new RunStarted("w1"),
            """{"worker":"w1"}"""),
        ("run_paused", new RunPaused("ada", "look", "741f4717"),
            """{"by":"ada","reason":"look","byKey":"741f4717"}"""),
        ("run_resumed", new RunResumed("ada", "go on", "741f4717"),
            """{"by":"ada","reason":"go on","byKey":"741f4717"}"""),
        ("run_parked", new RunParked(Slow, new(new(BudgetScope.Key, "ci", BudgetPeriod.Month), 5m, 4.9m, 0.05m, 0.07m, 0.06m)),
            """{"failure":{"kind":"Unavailable","message":"slow down","retryAfter":"00:00:17"},"budget":{"budget":{"scope":"Key","value":"ci","period":"Month"},"limitUsd":5,"spentUsd":4.9,"reservedUsd":0.05,"wantedUsd":0.07,"leastUsd":0.06}}"""),
        ("run_budget_changed", new RunBudgetChanged(2.5m, "ada", "worth it", "741f4717"),
            """{"budgetUsd":2.5,"by":"ada","reason":"worth it","byKey":"741f4717"}"""),
        ("run_closing", new RunClosing("budget", 3),
            """{"reason":"budget","step":3}"""),
        ("run_completed", new RunCompleted("It is retrieval [1].", [Cited], "length", "{}"),
            """{"answer":"It is retrieval [1].","citations":[{"number":1,"documentId":"doc-1","documentVersion":2,"passageId":"p-1","source":"rag.md","title":"RAG","quote":"to the letter"}],"incomplete":"length","output":"{}"}"""),
        ("run_failed", new RunFailed(new(FailureKind.Deadline, "The run took longer than it may.", A.Second)),
            """{"failure":{"kind":"Deadline","message":"The run took longer than it may.","retryAfter":"00:00:01"}}"""),
        ("run_cancelled", new RunCancelled("ada", "enough", "741f4717"),
            """{"by":"ada","reason":"enough","byKey":"741f4717"}"""),
        ("step_started", new StepStarted(1, "plan", KeepsResults: true, KeepsAnswer: true, Visit: 2),
            """{"step":1,"name":"plan","keepsResults":true,"keepsAnswer":true,"visit":2}"""),
        ("step_skipped", new StepSkipped(1, "plan", SkipReason.Visits),
            """{"step":1,"name":"plan","reason":"Visits"}"""),
        ("step_completed", new StepCompleted(1, "one", IsReadLater: true),
            """{"step":1,"output":"one","isReadLater":true}"""),
        ("wait_started", new WaitStarted(1, 2, "approved", DateTimeOffset.UnixEpoch.AddHours(1), TimeSpan.FromMinutes(5)),
            """{"wait":1,"step":2,"signal":"approved","until":"1970-01-01T01:00:00+00:00","for":"00:05:00"}"""),
        ("wait_ended", new WaitEnded(1, 2, WaitEnd.Signal, "yes"),
            """{"wait":1,"step":2,"by":"Signal","payload":"yes"}"""),
        ("signal_received", new SignalReceived("approved", "yes", "s-1", "ada", "741f4717"),
            """{"name":"approved","payload":"yes","signalId":"s-1","by":"ada","byKey":"741f4717"}"""),
        ("model_call_scheduled", new ModelCallScheduled(1, 2, 3, "fast/small", TimeSpan.FromSeconds(1.5), 1, Slow),
            """{"call":1,"attempt":2,"step":3,"model":"fast/small","delay":"00:00:01.5000000","fallback":1,"because":{"kind":"Unavailable","message":"slow down","retryAfter":"00:00:17"}}"""),
        ("model_call_started", new ModelCallStarted(1, 2, "w1", "9f86d081", "2026-11", 0.0321m, 512, "fast", 0.004m),
            """{"call":1,"attempt":2,"worker":"w1","requestHash":"9f86d081","priceVersion":"2026-11","reservedUsd":0.0321,"maxOutputTokens":512,"provider":"fast","keptUsd":0.004}"""),
        ("model_call_completed", new ModelCallCompleted(
            1, 2,
            new("It is.", [new("search_documents", "{\"query\":1}")], [Cited], "small-2026", "stop", "resp-1", 12, "{}", ["$.a: It is missing."], 7),
            Everything, "{\"in\":1}",
            new(0.0000125m, "2026-11", Unit), TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(250), "openai", "flex"),
            """{"call":1,"attempt":2,"reply":{"text":"It is.","toolRequests":[{"tool":"search_documents","arguments":"{\u0022query\u0022:1}"}],"citations":[{"number":1,"documentId":"doc-1","documentVersion":2,"passageId":"p-1","source":"rag.md","title":"RAG","quote":"to the letter"}],"model":"small-2026","finishReason":"stop","providerId":"resp-1","thoughtCharacters":12,"output":"{}","outputProblems":["$.a: It is missing."],"takenBackCharacters":7},"usage":{"inputTokens":1,"outputTokens":2,"cachedInputTokens":3,"cacheWrite5MinutesTokens":4,"cacheWrite1HourTokens":5,"reasoningTokens":6,"audioInputTokens":7,"audioOutputTokens":8,"webSearches":9},"rawUsage":"{\u0022in\u0022:1}","cost":{"usd":0.0000125,"priceVersion":"2026-11","unit":{"longInput":{"aboveTokens":200000,"price":{"longInput":null,"input":2,"output":4,"cachedInput":1,"cacheWrite5Minutes":2,"cacheWrite1Hour":2,"reasoning":4,"audioInput":20,"audioOutput":40,"requestFee":0.005,"webSearchFee":0.01}},"input":1,"output":2,"cachedInput":0.5,"cacheWrite5Minutes":1,"cacheWrite1Hour":1,"reasoning":2,"audioInput":10,"audioOutput":20,"requestFee":0.005,"webSearchFee":0.01}},"latency":"00:00:02","timeToFirstToken":"00:00:00.2500000","provider":"openai","serviceTier":"flex"}"""),
        ("model_call_failed", new ModelCallFailed(1, 2, Slow, A.Second, Everything, new(0.01m, "2026-11", Unit)),
            """{"call":1,"attempt":2,"failure":{"kind":"Unavailable","message":"slow down","retryAfter":"00:00:17"},"latency":"00:00:01","usage":{"inputTokens":1,"outputTokens":2,"cachedInputTokens":3,"cacheWrite5MinutesTokens":4,"cacheWrite1HourTokens":5,"reasoningTokens":6,"audioInputTokens":7,"audioOutputTokens":8,"webSearches":9},"cost":{"usd":0.01,"priceVersion":"2026-11","unit":{"longInput":{"aboveTokens":200000,"price":{"longInput":null,"input":2,"output":4,"cachedInput":1,"cacheWrite5Minutes":2,"cacheWrite1Hour":2,"reasoning":4,"audioInput":20,"audioOutput":40,"requestFee":0.005,"webSearchFee":0.01}},"input":1,"output":2,"cachedInput":0.5,"cacheWrite5Minutes":1,"cacheWrite1Hour":1,"reasoning":2,"audioInput":10,"audioOutput":20,"requestFee":0.005,"webSearchFee":0.01}}}"""),
        ("model_call_outcome_unknown", new ModelCallOutcomeUnknown(1, 2, UnknownCause.StreamCut, 0.001m, 0.0321m, Slow, "It is"),
            """{"call":1,"attempt":2,"cause":"StreamCut","lowUsd":0.001,"highUsd":0.0321,"failure":{"kind":"Unavailable","message":"slow down","retryAfter":"00:00:17"},"text":"It is"}"""),
        ("spend_resolved", new SpendResolved(1, 2, 0.0123m, SpendSource.Operator, "ada", "741f4717"),
            """{"call":1,"attempt":2,"actualUsd":0.0123,"source":"Operator","by":"ada","byKey":"741f4717"}"""),
        ("tool_call_requested", new ToolCallRequested("c0001t001", 1, "send_mail", "{}", NeedsApproval: true, TimeSpan.FromMinutes(5)),
            """{"toolCallId":"c0001t001","call":1,"tool":"send_mail","arguments":"{}","needsApproval":true,"approvalWithin":"00:05:00"}"""),
        ("tool_call_approved", new ToolCallApproved("c0001t001", "ada", "741f4717"),
            """{"toolCallId":"c0001t001","by":"ada","byKey":"741f4717"}"""),
        ("tool_call_denied", new ToolCallDenied("c0001t001", "ada", "too blunt", "741f4717"),
            """{"toolCallId":"c0001t001","by":"ada","reason":"too blunt","byKey":"741f4717"}"""),
        ("tool_call_resolved", new ToolCallResolved("c0001t001", 1, "sent", "not sent", "ada", "it is in the outbox", "741f4717"),
            """{"toolCallId":"c0001t001","attempt":1,"result":"sent","failed":"not sent","by":"ada","reason":"it is in the outbox","byKey":"741f4717"}"""),
        ("tool_call_scheduled", new ToolCallScheduled("c0001t001", 1, A.Second),
            """{"toolCallId":"c0001t001","attempt":1,"delay":"00:00:01"}"""),
        ("tool_call_started", new ToolCallStarted("c0001t001", 1, "w1"),
            """{"toolCallId":"c0001t001","attempt":1,"worker":"w1"}"""),
        ("child_run_started", new ChildRunStarted("c0001t001", 1, new("0199a0c4-0000-7000-8000-000000000002"), "research", 0.25m),
            """{"toolCallId":"c0001t001","attempt":1,"child":"0199a0c4-0000-7000-8000-000000000002","agent":"research","heldUsd":0.25}"""),
        ("tool_call_completed", new ToolCallCompleted("c0001t001", 1, "sent", Truncated: true, A.Second, 0.25m),
            """{"toolCallId":"c0001t001","attempt":1,"result":"sent","truncated":true,"latency":"00:00:01","childUsd":0.25}"""),
        ("tool_call_failed", new ToolCallFailed("c0001t001", 1, Slow, A.Second, 0.25m),
            """{"toolCallId":"c0001t001","attempt":1,"failure":{"kind":"Unavailable","message":"slow down","retryAfter":"00:00:17"},"latency":"00:00:01","childUsd":0.25}"""),
        ("passages_retrieved", new PassagesRetrieved("c0001t001", "rag", [new("doc-1", 2, "p-1", "rag.md", "RAG", "Text.", 0.75)]),
            """{"toolCallId":"c0001t001","query":"rag","passages":[{"documentId":"doc-1","documentVersion":2,"passageId":"p-1","source":"rag.md","title":"RAG","text":"Text.","score":0.75}]}"""),
    ];

    public static TheoryData<string> Names => [.. Samples.Select(sample => sample.Name)];

    [Theory, MemberData(nameof(Names))]
    public void A_fact_is_stored_as_it_always_was(string name)
    {
        var (_, fact, json) = Samples.Single(sample => sample.Name == name);

        Assert.Equal(json, Json(fact));
    }

    [Theory, MemberData(nameof(Names))]
    public void A_stored_fact_is_read_as_it_always_was(string name)
    {
        var (_, fact, json) = Samples.Single(sample => sample.Name == name);

        Assert.Equivalent(fact, Read(json, fact.GetType()), strict: true);
        Assert.Equal(json, Json(Read(json, fact.GetType())));
    }

    [Theory, MemberData(nameof(Names))]
    public void A_field_of_a_later_version_is_ignored(string name)
    {
        var (_, fact, json) = Samples.Single(sample => sample.Name == name);
        var later = JsonNode.Parse(json)!.AsObject();
        later["addedLater"] = new JsonObject { ["by"] = "somebody" };

        Assert.Equal(json, Json(Read(later.ToJsonString(), fact.GetType())));
    }

    [Fact]
    public void Every_fact_has_one_sample_under_its_name()
    {
        var facts = typeof(RunEvent).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(RunEvent))).ToList();

        Assert.All(facts, fact => Assert.True(fact.IsSealed, fact.Name));
        Assert.Equal(facts.Select(StoredName).Order(StringComparer.Ordinal), Samples.Select(sample => sample.Name).Order(StringComparer.Ordinal));
        Assert.All(Samples, sample => Assert.Equal(sample.Name, StoredName(sample.Fact.GetType())));
    }

    [Theory, MemberData(nameof(Names))]
    public void A_sample_has_every_field_filled(string name) =>
        Assert.Empty(Unfilled(Samples.Single(sample => sample.Name == name).Fact, name, []));

    [Fact]
    public void A_field_left_unfilled_is_found()
    {
        var priced = new ModelCallFailed(1, 1, Slow, A.Second, new(1, 0), new(0.01m, "2026-11", Unit with { LongInput = new(1, new(0, 1)) }));

        Assert.Equal(
            ["f.Failure.Kind", "f.Failure.Message", "f.Failure.RetryAfter"], Unfilled(new RunFailed(new(FailureKind.RateLimited, "")), "f", []));
        Assert.Equal(["f.Citations"], Unfilled(new RunCompleted("42", [], "length", "{}"), "f", []));
        Assert.Contains("f.Usage.OutputTokens", Unfilled(priced, "f", []));
        Assert.Contains("f.Cost.Unit.LongInput.Price.Input", Unfilled(priced, "f", []));
    }

    /// <summary>What the samples had before these fields were added: they are read as null, or as nothing, and stored as before.</summary>
    [Theory]
    [InlineData(typeof(RunPaused), """{"by":"ada","reason":"look"}""")]
    [InlineData(typeof(StepStarted), """{"step":1,"name":"plan"}""")]
    [InlineData(typeof(StateInherited),
        """{"step":1,"name":"search","isInStep":true,"outputs":{},"modelCalls":2,"toolCalls":[{"toolCallId":"s0001t001","tool":"search_documents","arguments":null,"status":"Completed","attempt":2,"failure":null}],"inheritedUsd":0.02,"reason":""}""")]
    [InlineData(typeof(RunResumed), """{"by":"ada","reason":"go on"}""")]
    [InlineData(typeof(RunCancelled), """{"by":"ada","reason":"enough"}""")]
    [InlineData(typeof(RunBudgetChanged), """{"budgetUsd":2.5,"by":"ada","reason":"worth it"}""")]
    [InlineData(typeof(SpendResolved), """{"call":1,"attempt":2,"actualUsd":0.0123,"source":"LateReply","by":null}""")]
    [InlineData(typeof(ToolCallApproved), """{"toolCallId":"c0001t001","by":"ada"}""")]
    [InlineData(typeof(ToolCallDenied), """{"toolCallId":"c0001t001","by":"ada","reason":"too blunt"}""")]
    [InlineData(typeof(ToolCallRequested), """{"toolCallId":"c0001t001","call":null,"tool":"send_mail","arguments":"{}","needsApproval":true}""")]
    [InlineData(typeof(ToolCallCompleted), """{"toolCallId":"c0001t001","attempt":1,"result":"sent","truncated":false,"latency":"00:00:01"}""")]
    [InlineData(typeof(ToolCallFailed),
        """{"toolCallId":"c0001t001","attempt":1,"failure":{"kind":"RateLimited","message":"slow down","retryAfter":null},"latency":"00:00:01"}""")]
    [InlineData(
        typeof(ModelCallFailed),
        """{"call":1,"attempt":2,"failure":{"kind":"RateLimited","message":"slow down","retryAfter":null},"latency":"00:00:01","usage":{"inputTokens":1,"outputTokens":0,"cachedInputTokens":0,"cacheWrite5MinutesTokens":0,"cacheWrite1HourTokens":0,"reasoningTokens":0},"cost":{"usd":0.01,"priceVersion":"2026-11","unit":null}}""")]
    [InlineData(typeof(RunCompleted), """{"answer":"42","citations":[]}""")]
    [InlineData(typeof(ModelCallScheduled), """{"call":1,"attempt":2,"step":3,"model":"small","delay":"00:00:01.5000000"}""")]
    [InlineData(typeof(ModelCallStarted),
        """{"call":1,"attempt":2,"worker":"w1","requestHash":"9f86d081","priceVersion":"2026-11","reservedUsd":0.0321,"maxOutputTokens":512}""")]
    [InlineData(typeof(RunCompleted), """{"answer":"42","citations":[],"incomplete":"length"}""")]
    [InlineData(typeof(ModelCallOutcomeUnknown), """{"call":1,"attempt":2,"cause":"StreamCut","lowUsd":0.001,"highUsd":null}""")]
    [InlineData(typeof(StateInherited),
        """{"step":1,"name":"search","isInStep":true,"outputs":{},"modelCalls":2,"toolCalls":[],"inheritedUsd":0.02,"reason":""}""")]
    public void A_fact_without_what_was_added_later_is_read_and_stored_as_before(Type fact, string json) =>
        Assert.Equal(json, Json(Read(json, fact)));

    [Fact]
    public void Facts_and_checkpoints_hold_nothing_computed()
    {
        var stored = new HashSet<Type>();
        foreach (var type in typeof(RunEvent).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(RunEvent))).Append(typeof(Run))) Add(type);

        Assert.Contains(typeof(LongInputPrice), stored); // values within values are among them
        Assert.DoesNotContain(stored.SelectMany(type => type.GetProperties()), property => !property.CanWrite);

        void Add(Type type)
        {
            foreach (var argument in type.GetGenericArguments()) Add(argument);
            if (type.Assembly != typeof(RunEvent).Assembly || !stored.Add(type)) return;
            foreach (var property in type.GetProperties()) Add(property.PropertyType);
        }
    }

    [Fact]
    public void A_fact_of_an_earlier_version_is_read_with_the_defaults()
    {
        const string json =
            """{"agent":"a","agentVersion":1,"definitionHash":"h","model":"m","question":"q","priority":5,"requestedBy":"ada","maxDuration":"01:00:00"}""";

        Assert.Equal(new RunQueued("a", 1, "h", "m", "q", 5, "ada", TimeSpan.FromHours(1)), Read(json, typeof(RunQueued)));
    }

    /// <summary>As model calls were stored before audio and fees were told apart, and are where there are none.</summary>
    [Fact]
    public void A_model_call_without_audio_and_fees_is_read_and_stored_as_before()
    {
        const string json =
            """{"call":1,"attempt":2,"reply":{"text":"It is.","toolRequests":[],"citations":[],"model":"small-2026","finishReason":"stop","providerId":null},"usage":{"inputTokens":1,"outputTokens":2,"cachedInputTokens":3,"cacheWrite5MinutesTokens":4,"cacheWrite1HourTokens":5,"reasoningTokens":6},"rawUsage":null,"cost":{"usd":0.0000125,"priceVersion":"2026-11","unit":{"longInput":null,"input":1,"output":2,"cachedInput":0.5,"cacheWrite5Minutes":1,"cacheWrite1Hour":1,"reasoning":2}},"latency":"00:00:02","timeToFirstToken":null,"provider":null,"serviceTier":null}""";

        var call = (ModelCallCompleted)Read(json, typeof(ModelCallCompleted));

        Assert.Equal(new Usage(1, 2, 3, 4, 5, 6), call.Usage);
        Assert.Equal(new Price(1, 2, 0.5m, 1, 1, 2), call.Cost!.Unit);
        Assert.Equal(json, Json(call));
        Assert.Equal(new Usage(2, 4, 6, 8, 10, 12), Run.Evolve(Run.Evolve(Run.Before(A.Id), call), call).Usage);
    }

    [Fact]
    public void A_parked_run_of_an_earlier_version_waits_for_no_budget() => Assert.Equal(
        new RunParked(Slow), Read("""{"failure":{"kind":"Unavailable","message":"slow down","retryAfter":"00:00:17"}}""", typeof(RunParked)));

    [Fact]
    public void What_is_not_known_is_stored_as_null() => Assert.Equal(
        """{"call":1,"attempt":1,"worker":"w1","requestHash":"h","priceVersion":null,"reservedUsd":null,"maxOutputTokens":null}""",
        Json(new ModelCallStarted(1, 1, "w1", "h", null, null)));

    [Theory]
    [InlineData(typeof(RunStatus), "Queued Running Paused Parked Completed Failed Cancelled")]
    [InlineData(typeof(AttemptStatus), "Scheduled Started Failed")]
    [InlineData(typeof(ToolCallStatus), "AwaitingApproval Scheduled Started Completed Failed Denied")]
    [InlineData(typeof(UnknownCause), "WorkerLost Cancelled StreamCut TimedOut")]
    [InlineData(typeof(WaitEnd), "Time Signal")]
    [InlineData(typeof(SpendSource), "LateReply ProviderExport Operator")]
    [InlineData(typeof(FailureKind), "RateLimited Timeout Unavailable StreamCut WorkerLost Rejected Unauthorized UnknownTool BadArguments ToolError "
        + "OutcomeUnknown CallLimit CostLimit Deadline Unpriced BudgetRefused EmptyReply OutputLimit OutputUnfit")]
    [InlineData(typeof(SkipReason), "Condition Visits")]
    [InlineData(typeof(ReasoningEffort), "Minimal Low Medium High")]
    [InlineData(typeof(BudgetScope), "Run Agent Tenant Key Batch")]
    [InlineData(typeof(BudgetPeriod), "Day Month Total")]
    public void A_stored_word_keeps_its_meaning(Type words, string names) => Assert.Equal(names.Split(' '), Enum.GetNames(words));

    /// <summary>
    /// The stored fields of a value, and of the values in it, that are null, empty or the default. Of a list one item must be whole.
    /// </summary>
    /// <param name="within">The types around it: of a type that holds itself the innermost value ends with null.</param>
    static IEnumerable<string> Unfilled(object? value, string path, ImmutableList<Type> within) => value switch
    {
        null or "" => [path],
        string => [],
        IEnumerable items => items.Cast<object>().Select((item, index) => Unfilled(item, $"{path}[{index}]", within))
            .OrderBy(unfilled => unfilled.Count()).FirstOrDefault([path]),
        ValueType when value.Equals(Activator.CreateInstance(value.GetType())) => [path],
        ValueType when !IsPair(value.GetType()) => [],
        _ => value.GetType().GetProperties().Where(property => property.GetValue(value) is not null || !within.Contains(property.PropertyType))
            .SelectMany(property => Unfilled(property.GetValue(value), $"{path}.{property.Name}", within.Add(value.GetType()))),
    };

    static bool IsPair(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>);

    static string Json(RunEvent fact) => JsonSerializer.Serialize(fact, fact.GetType(), StoredJson.Options);

    static RunEvent Read(string json, Type fact) => (RunEvent)JsonSerializer.Deserialize(json, fact, StoredJson.Options)!;

    internal static string StoredName(Type fact) => WordStart().Replace(fact.Name, "_$0").ToLowerInvariant();

    [GeneratedRegex("(?<!^)[A-Z]", RegexOptions.CultureInvariant)]
    private static partial Regex WordStart();
}
