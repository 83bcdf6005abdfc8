using System.Collections.Concurrent;
using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using Agents.Domain.Definitions;
using Agents.Host.Tools;
using Npgsql;

namespace Agents.Host.Tests;

/// <summary>Agents and tools that only tests have.</summary>
static class TestAgents
{
    /// <summary>One step with tools: asks until it answers.</summary>
    public static readonly AgentDefinition Clerk = new()
    {
        Name = "clerk",
        Steps = [
            new ModelStep("work", "Do what is asked.", [new("add"), new("send_letter"), new("search_documents"), new("shred", NeedsApproval: true)])],
        Limits = new(ModelCallsPerStep: 4, Attempts: 2, CostUsd: 1),
    };

    /// <summary>No model at all.</summary>
    public static readonly AgentDefinition Counter = new()
    {
        Name = "counter",
        Steps = [.. Enumerable.Range(1, 3).Select(step => new ToolStep(
            $"count {step}", new("add"), new Dictionary<string,
            Argument> { ["left"] = new Argument.Text("1"), ["right"] = new Argument.Text("2") }))],
    };

    /// <summary>One step, no tools.</summary>
    public static readonly AgentDefinition Talker = new()
    {
        Name = "talker",
        Steps = [new ModelStep("talk", "Answer.")],
        Limits = new(Attempts: 2, CostUsd: 1),
    };

    /// <summary>No model: one call of a tool whose service is away at first.</summary>
    public static readonly AgentDefinition Courier = new()
    {
        Name = "courier",
        Steps = [new ToolStep("post", new("post_parcel"), new Dictionary<string, Argument> { ["to"] = new Argument.Question() })],
        Limits = new(Attempts: 2),
    };

    /// <summary>Is in a hurry: approvals and calls have little time.</summary>
    public static readonly AgentDefinition Hasty = new()
    {
        Name = "hasty",
        Steps = [new ModelStep(
            "work", "Do what is asked, soon.", [new("shred", NeedsApproval: true), new("send_letter")]) { CallTimeout = TimeSpan.FromSeconds(1) }],
        Limits = new(Attempts: 1, ApprovalWithin: TimeSpan.FromSeconds(1)),
    };

    /// <summary>One call of a model that only its runs use, so that its rate can be limited.</summary>
    public static readonly AgentDefinition Paced = new()
    {
        Name = "paced",
        Model = "paced-model",
        Steps = [new ModelStep("talk", "Answer.")],
        Limits = new(Attempts: 2, CostUsd: 1),
    };

    /// <summary>One step whose output has a form, and two calls for it.</summary>
    public static readonly AgentDefinition Form = new()
    {
        Name = "form",
        Steps = [new ModelStep("fill", "Fill the form.")
        {
            OutputSchema = """{"type":"object","required":["kind"],"properties":{"kind":{"enum":["paid","unpaid"]}}}""",
            Parameters = new(Temperature: 0.5),
        }],
        Limits = new(ModelCallsPerStep: 2, Attempts: 2, CostUsd: 1),
    };

    /// <summary>Asks the talker, and itself.</summary>
    public static readonly AgentDefinition Boss = new()
    {
        Name = "boss",
        Steps = [new ModelStep("work", "Have it done.", [new("subagent", Agents: ["talker", "boss", "aide"])])],
        Limits = new(Attempts: 2, CostUsd: 1),
    };

    /// <summary>Writes until a letter has three words at most, which a code step counts; three times at most. Then sends it.</summary>
    public static readonly AgentDefinition Shortener = new()
    {
        Name = "shortener",
        Steps =
        [
            new ModelStep("write", "Write."),
            new ToolStep("count", new("count_words"), new Dictionary<string, Argument> { ["text"] = new Argument.Output("write") }),
            new ModelStep("shorten", "Say what to leave out.") { When = "output.count.words > 3", Else = "send", Next = "write", Visits = 2 },
            new ToolStep("send", new("send_letter"), new Dictionary<string, Argument> { ["to"] = new Argument.Output("write") }),
            new ModelStep("report", "Say what was done.") { When = "output.send != \"sent\"" },
        ],
        Limits = new(CostUsd: 1),
    };

    /// <summary>Adds one to each number of a list, two at a time; one may fail.</summary>
    public static readonly AgentDefinition Adder = new()
    {
        Name = "adder",
        Steps =
        [
            new ModelStep("plan", "Name numbers."),
            new ToolStep("add", new("add"), new Dictionary<string, Argument> { ["left"] = new Argument.Item("n"), ["right"] = new Argument.Text("1") })
            {
                ForEach = new(new("plan", "numbers"), Parallel: 2, Failures: 1, Most: 5),
            },
            new ModelStep("report", "Say what came of it.") { When = "size(output.add) > 0" },
        ],
        Limits = new(ToolCallsPerTurn: 1, Attempts: 1, CostUsd: 1),
    };

    /// <summary>Has the talker answer each line of a plan, two at a time, and answers with what it said.</summary>
    public static readonly AgentDefinition Asker = new()
    {
        Name = "asker",
        Steps =
        [
            new ModelStep("plan", "Ask."),
            new ToolStep(
                "ask", new("subagent", Agents: ["talker"]), new Dictionary<string, Argument>
                {
                    ["agent"] = new Argument.Text("talker"), ["question"] = new Argument.Item(),
                })
            {
                ForEach = new(new("plan"), Parallel: 2),
            },
        ],
        Limits = new(CostUsd: 1),
    };

    /// <summary>Reads an order, and has code write the invoice, which is the answer.</summary>
    public static readonly AgentDefinition Biller = new()
    {
        Name = "biller",
        Steps =
        [
            new ModelStep("order", "Read the order."),
            new ToolStep("invoice", new("write_invoice"), new Dictionary<string, Argument>
            {
                ["customer"] = new Argument.Output("order", "customer"), ["count"] = new Argument.Output("order", "items[0].count"),
                ["price"] = new Argument.Output("order", "items[0].price"),
            }),
        ],
        Limits = new(CostUsd: 1),
    };

    /// <summary>Does nothing unless the caller wants it to.</summary>
    public static readonly AgentDefinition Idler = new()
    {
        Name = "idler",
        Steps = [new ModelStep("work", "Work.") { When = "label.wanted == \"yes\"" }],
    };

    /// <summary>Waits for a signal, whose payload is its answer.</summary>
    public static readonly AgentDefinition Gate = new() { Name = "gate", Steps = [new WaitStep("gate", Signal: "open")] };

    /// <summary>Waits for a signal, then asks a model.</summary>
    public static readonly AgentDefinition Patient = new()
    {
        Name = "patient",
        Steps = [new WaitStep("approve", For: TimeSpan.FromMinutes(20), Signal: "approved"), new ModelStep("talk", "Answer.")],
        Limits = new(Attempts: 2, CostUsd: 1),
    };

    /// <summary>Waits for a second.</summary>
    public static readonly AgentDefinition Napper = new() { Name = "napper", Steps = [new WaitStep("nap", For: TimeSpan.FromSeconds(1))] };

    /// <summary>Waits longer than a test.</summary>
    public static readonly AgentDefinition Sleeper = new() { Name = "sleeper", Steps = [new WaitStep("sleep", For: TimeSpan.FromMinutes(30))] };

    /// <summary>Waits until the time that its question names.</summary>
    public static readonly AgentDefinition Punctual = new() { Name = "punctual", Steps = [new WaitStep("wait", Until: new Argument.Question())] };

    /// <summary>One priced model call each; they differ in name, so that each test has a budget of its own.</summary>
    static IEnumerable<AgentDefinition> Spenders => new[] { "miser", "thrifty", "daily", "clumsy", "loud", "own", "aide" }.Select(name => new AgentDefinition
    {
        Name = name,
        Model = ScriptedModel.Priced,
        Steps = [new ModelStep("work", "Answer in a word.")],
        Limits = new(Attempts: 2, CostUsd: 1),
    });

    public static IEnumerable<AgentDefinition> All =>
        [Clerk, Counter, Talker, Courier, Hasty, Paced, Form, Boss, Shortener, Adder, Asker, Biller, Idler, Gate, Patient, Napper, Sleeper, Punctual, .. Spenders, .. new[] { "parked", "cancelled", "halted", "shadowed" }.Select(name => Clerk with { Name = name })]; // their runs are changed all at once
}

[Tool("add")]
public sealed class Add
{
    [Description("Adds two numbers.")]
    public static string Run(string left, string right) => $"{int.Parse(left) + int.Parse(right)}";
}

/// <summary>Must not run twice. Remembers every letter by its key.</summary>
[Tool("send_letter", Repeatable = false)]
public sealed class SendLetter(ToolContext context)
{
    public static readonly ConcurrentDictionary<string, string> Sent = new();

    /// <summary>How often a letter was begun whose way was cut, by its key.</summary>
    public static readonly ConcurrentDictionary<string, int> Cut = new();

    [Description("Sends a letter.")]
    public async Task<string> Run(string to, CancellationToken ct)
    {
        if (to == "nobody") throw new InvalidOperationException("Nobody lives there.");
        if (to == "the archive")
        {
            Cut.AddOrUpdate(context.IdempotencyKey, 1, (_, times) => times + 1);
            throw new NpgsqlException("The archive's database broke off.", new IOException("Connection reset by peer"));
        }

        if (to == "far away") await Task.Delay(Timeout.Infinite, ct);
        Sent[context.IdempotencyKey] = to;
        return "sent";
    }
}

/// <summary>Must not run twice. Nothing listens where its service is to be until it was asked for once.</summary>
[Tool("post_parcel", Repeatable = false)]
public sealed class PostParcel(ToolContext context)
{
    public static readonly ConcurrentDictionary<string, int> Tries = new();

    static readonly HttpClient Http = new();

    [Description("Posts a parcel.")]
    public async Task<string> Run(string to, CancellationToken ct)
    {
        if (Tries.AddOrUpdate(context.IdempotencyKey, 1, (_, tries) => tries + 1) > 1) return $"posted to {to}";

        using var reserved = new TcpListener(IPAddress.Loopback, port: 0);
        reserved.Start();
        var port = ((IPEndPoint)reserved.LocalEndpoint).Port;
        reserved.Stop();
        await Http.PostAsync($"http://127.0.0.1:{port}/parcels", new StringContent(to), ct);
        throw new InvalidOperationException("Something answered.");
    }
}

/// <summary>A code step whose class is made for each call. Must not run twice.</summary>
public sealed class Invoices(ToolContext context)
{
    /// <summary>The total, by the key of the call.</summary>
    public static readonly ConcurrentDictionary<string, decimal> Written = new();

    public sealed record Invoice(string Customer, decimal TotalUsd);

    [Step("write_invoice", Repeatable = false)]
    public Invoice Write(string customer, int count, decimal price)
    {
        Written[context.IdempotencyKey] = count * price;
        return new(customer, count * price);
    }
}

[Tool("shred", Repeatable = false)]
public sealed class Shred
{
    [Description("Destroys a document.")]
    public static string Run(string document) => $"{document} is gone";
}
