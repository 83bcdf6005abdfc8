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

    /// <summary>A call of a few cents at most.</summary>
    public static readonly PriceList Prices = new("2026-11", [new(Model, new Price(Input: 1m, Output: 20m, CachedInput: 0.1m))]);

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

    public static readonly AgentDefinition[] All = [Research, Research, Assistant, Assistant, Mailer, Poor, Hasty, Delegator, Delegator, Clerk];

    static readonly Dictionary<string, AgentDefinition> ByName = All.Append(Helper).DistinctBy(agent => agent.Name).ToDictionary(agent => agent.Name);

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
