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

    /// <summary>Asks the talker, and itself.</summary>
    public static readonly AgentDefinition Boss = new()
    {
        Name = "boss",
        Steps = [new ModelStep("work", "Have it done.", [new("subagent", Agents: ["talker", "boss", "aide"])])],
        Limits = new(Attempts: 2, CostUsd: 1),
    };

    /// <summary>One priced model call each; they differ in name, so that each test has a budget of its own.</summary>
    static IEnumerable<AgentDefinition> Spenders => new[] { "miser", "thrifty", "daily", "clumsy", "loud", "own", "aide" }.Select(name => new AgentDefinition
    {
        Name = name,
        Model = ScriptedModel.Priced,
        Steps = [new ModelStep("work", "Answer in a word.")],
        Limits = new(Attempts: 2, CostUsd: 1),
    });

    public static IEnumerable<AgentDefinition> All =>
        [Clerk, Counter, Talker, Courier, Hasty, Paced, Boss, .. Spenders, .. new[] { "parked", "cancelled", "halted", "shadowed" }.Select(name => Clerk with { Name = name })]; // their runs are changed all at once
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

[Tool("shred", Repeatable = false)]
public sealed class Shred
{
    [Description("Destroys a document.")]
    public static string Run(string document) => $"{document} is gone";
}
