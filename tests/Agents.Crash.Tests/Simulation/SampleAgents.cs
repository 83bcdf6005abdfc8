using System.Text.Json;
using Agents.Domain.Costs;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Crash.Tests.Simulation;

/// <summary>The agents whose runs are simulated, their tools, and the prices of their model.</summary>
static class SampleAgents
{
    /// <summary>May run twice, and is not claimed.</summary>
    public const string Search = "search_documents";

    /// <summary>Must not run twice.</summary>
    public const string SendMail = "send_mail";

    /// <summary>Must not run twice, and a person must approve it.</summary>
    public const string OpenTicket = "open_ticket";

    public const string Model = "small";

    public static readonly string[] Tools = [Search, SendMail, OpenTicket, ChildOf.Tool];

    /// <summary>Takes over from the model, and is dearer.</summary>
    public const string Spare = "spare";

    /// <summary>Takes over last.</summary>
    public const string Cheap = "cheap";

    /// <summary>A call of a few cents at most.</summary>
    public static readonly PriceList Prices = new(
        "2026-11",
        [
            new(Model, new Price(Input: 1m, Output: 20m, CachedInput: 0.1m)), new(Spare, new Price(Input: 2m, Output: 30m)),
            new(Cheap, new Price(Input: 0.2m, Output: 2m)),
        ]);

    static readonly Limits Limits = new(ModelCallsPerStep: 4, ToolCallsPerTurn: 3, Attempts: 3, OutputTokensPerCall: 1000);

    /// <summary>Five steps, the second with several searches at once.</summary>
    static readonly AgentDefinition Research = new()
    {
        Name = "research",
        Steps =
        [
            new ModelStep("plan", "Write search queries, one a line."),
            new ToolStep("search", new(Search), new Dictionary<string, Argument> { ["query"] = new Argument.EachLine("plan") }),
            new ModelStep("analyze", "Which passages matter?"),
            new ModelStep("synthesize", "Draft an answer."),
            new ModelStep("respond", "Answer."),
        ],
        Limits = Limits,
    };

    /// <summary>One step, whose model chooses tools of every kind.</summary>
    static readonly AgentDefinition Assistant = new()
    {
        Name = "assistant",
        Steps = [new ModelStep("answer", "Help.", [new(Search), new(SendMail), new(OpenTicket, NeedsApproval: true)])],
        Limits = Limits,
    };

    /// <summary>A tool step whose calls must not be made twice.</summary>
    static readonly AgentDefinition Mailer = new()
    {
        Name = "mailer",
        Steps =
        [
            new ModelStep("write", "Write the letters, one a line."),
            new ToolStep("send", new(SendMail), new Dictionary<string, Argument> { ["text"] = new Argument.EachLine("write") }),
            new ToolStep("file", new(OpenTicket, NeedsApproval: true), new Dictionary<string, Argument> { ["text"] = new Argument.Question() }),
            new ModelStep("report", "Say what was done."),
        ],
        Limits = Limits,
    };

    /// <summary>An assistant that soon has no attempts and no money left.</summary>
    static readonly AgentDefinition Poor = Assistant with { Name = "poor", Limits = Limits with { Attempts = 1, CostUsd = 0.05m } };

    /// <summary>An assistant whose approvals must come within a few seconds.</summary>
    static readonly AgentDefinition Hasty = Assistant with { Name = "hasty", Limits = Limits with { ApprovalWithin = TimeSpan.FromSeconds(20) } };

    /// <summary>What <see cref="Delegator"/> starts.</summary>
    public static readonly AgentDefinition Helper = new()
    {
        Name = "helper", Steps = [new ModelStep("answer", "Help.", [new(Search), new(SendMail)])], Limits = Limits,
    };

    /// <summary>Starts other runs and waits for them.</summary>
    static readonly AgentDefinition Delegator = new()
    {
        Name = "delegator",
        Steps = [new ModelStep("answer", "Let others help.", [new(ChildOf.Tool, Agents: [Helper.Name]), new(Search)])],
        Limits = Limits,
    };

    /// <summary>One step, whose output must have a form.</summary>
    static readonly AgentDefinition Clerk = new()
    {
        Name = "clerk",
        Steps = [new ModelStep("fill", "Fill the form.", [new(Search)])
        {
            OutputSchema = """{"type":"object","required":["answer"],"properties":{"answer":{"type":"string"}}}""",
        }],
        Limits = Limits,
    };

    /// <summary>
    /// Drafts, looks something up for longer drafts, and mails each line by a tool that must not run twice; round by round, three at most.
    /// </summary>
    static readonly AgentDefinition Editor = new()
    {
        Name = "editor",
        Steps =
        [
            new ModelStep("draft", "Write."),
            new ToolStep("check", new(Search), new Dictionary<string, Argument> { ["query"] = new Argument.Output("draft") })
            {
                When = "size(output.draft) > 3", Else = "send",
            },
            new ModelStep("judge", "What is missing?") { When = "not (output.check contains \"lost\")", Visits = 2 },
            new ToolStep("send", new(SendMail), new Dictionary<string, Argument> { ["text"] = new Argument.Item() })
            {
                ForEach = new(new("draft"), Parallel: 2, Failures: 1),
            },
            new ModelStep("again", "Write to others, too.") { When = "output.draft contains \"two\"", Else = "report", Next = "draft", Visits = 2 },
            new ModelStep("report", "Say what was done.") { When = "size(output.send) > 0" },
        ],
        Limits = Limits,
    };

    /// <summary>Starts a run for each line of its plan, two at a time, and tries those again that came to nothing.</summary>
    static readonly AgentDefinition Foreman = new()
    {
        Name = "foreman",
        Steps =
        [
            new ModelStep("plan", "Who has to do what, one a line?"),
            new ToolStep("ask", new(ChildOf.Tool, Agents: [Helper.Name]), new Dictionary<string, Argument>
            {
                ["agent"] = new Argument.Text(Helper.Name), ["question"] = new Argument.Item(),
            })
            {
                ForEach = new(new("plan"), Parallel: 2),
            },
            new ModelStep("report", "Say what was done."),
        ],
        Limits = Limits,
    };

    /// <summary>Waits for times and for signals, one wait right after another.</summary>
    static readonly AgentDefinition Waiter = new()
    {
        Name = "waiter",
        Steps =
        [
            new WaitStep("begin", Until: new Argument.Text("2026-11-01T00:00:10Z")),
            new ModelStep("write", "Write a letter."),
            new WaitStep("approve", For: TimeSpan.FromSeconds(20), Signal: "go"),
            new WaitStep("rest", For: TimeSpan.FromSeconds(5)),
            new ToolStep("send", new(SendMail), new Dictionary<string, Argument> { ["text"] = new Argument.Output("approve") }),
            new WaitStep("sign", Signal: "signed"),
            new ModelStep("report", "Say what was done."),
        ],
        Limits = Limits,
    };

    /// <summary>Has models that take over when one fails.</summary>
    static readonly AgentDefinition Steady = Assistant with { Name = "steady", Fallback = new([Spare, Cheap]) };

    /// <summary>The same with several tries of each, after some failures only.</summary>
    static readonly AgentDefinition Picky = Research with
    {
        Name = "picky", Fallback = new([Spare], Attempts: 2, On: [FailureKind.Unavailable, FailureKind.Timeout, FailureKind.WorkerLost]),
    };

    /// <summary>Closes when little is left: its model chooses tools as long as it may.</summary>
    static readonly AgentDefinition Closer = Assistant with
    {
        Name = "closer", AtLimit = AtLimit.Close, Fallback = new([Cheap]), Limits = Limits with { CostUsd = 0.07m },
    };

    /// <summary>Closes from any of several steps, with the one model it has.</summary>
    static readonly AgentDefinition Hurried = Research with { Name = "hurried", AtLimit = AtLimit.Close, Limits = Limits with { CostUsd = 0.06m } };

    /// <summary>Those that close when little is left.</summary>
    public static readonly AgentDefinition[] Closers = [Closer, Hurried];

    /// <summary>Those with several models, or a last word: in every fifth seed.</summary>
    public static readonly AgentDefinition[] Several = [Steady, Closer, Picky, Hurried];

    public static readonly AgentDefinition[] All =
        [Research, Research, Waiter, Assistant, Assistant, Mailer, Poor, Hasty, Delegator, Delegator, Editor, Editor, Foreman, Clerk];

    static readonly Dictionary<string, AgentDefinition> ByName = All.Append(Helper).Concat(Several).DistinctBy(agent => agent.Name).ToDictionary(agent => agent.Name);

    public static AgentDefinition Named(string name) => ByName[name];

    /// <summary>Whether a text fits the form, found out without the server's help.</summary>
    public static bool FitsTheForm(string text)
    {
        try
        {
            using var form = JsonDocument.Parse(text);
            return form.RootElement.TryGetProperty("answer", out var answer) && answer.ValueKind is JsonValueKind.String;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    public static bool IsRepeatable(string tool) => tool is Search or ChildOf.Tool;
}
