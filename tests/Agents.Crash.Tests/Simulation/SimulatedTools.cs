using System.Net;
using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Engine.Attempts;
using Agents.Host.Tools;
using Microsoft.Extensions.AI;

namespace Agents.Crash.Tests.Simulation;

/// <summary>Tools that bring something, or fail in every way in which a tool can.</summary>
sealed class SimulatedTools(SimulatedProcess process) : ITools
{
    static readonly FailureKind[] Failures =
        [FailureKind.Timeout, FailureKind.Unavailable, FailureKind.RateLimited, FailureKind.ToolError, FailureKind.BadArguments];

    static readonly Dictionary<string, AITool> Declared = SampleAgents.Tools.ToDictionary(name => name, name => (AITool)AIFunctionFactory.Create(() => "", name));

    readonly World world = process.World;

    public bool IsRepeatable(string tool) => SampleAgents.IsRepeatable(tool);

    public AITool Declaration(string tool) => Declared[tool];

    public async Task<ToolResult> Run(string tool, string arguments, ToolContext context, CancellationToken ct)
    {
        await process.Turn();
        ct.ThrowIfCancellationRequested();

        if (tool == ChildOf.Tool) return new("", null, new(_ => SampleAgents.Helper, "What else?"));

        var (log, isSafe) = (world.Database.Find(context.RunId)!, SampleAgents.IsRepeatable(tool));
        var work = new RunTool(context.RunId, context.ToolCallId, process.ToolAttempts[(context.RunId, context.ToolCallId)]);
        world.Trace?.Note($"{process.Name} runs {tool} for {context.ToolCallId} of {world.NameOf(context.RunId)}");
        process.Performs(context.RunId, InFlight.Of(work));
        if (!isSafe) log.Checks.ToolBegins(work);
        var failure = world.Hits(world.Faults.Tool) ? Failures[world.Random.Next(Failures.Length)] : (FailureKind?)null;
        if (!isSafe && HasEffect(failure)) log.Checks.Effect(work);

        await process.Until(world.Now + world.Random.Next(8), ct);
        process.Performed(context.RunId, InFlight.Of(work));
        ct.ThrowIfCancellationRequested();
        return failure is null ? Found(context.ToolCallId) : throw Thrown(failure.Value);
    }

    /// <summary>A tool that says it did nothing, or that it was asked too often, speaks the truth.</summary>
    bool HasEffect(FailureKind? failure) => failure switch
    {
        null => true,
        FailureKind.Timeout or FailureKind.Unavailable => world.Random.Next(2) == 0,
        _ => false,
    };

    static Exception Thrown(FailureKind kind) => kind switch
    {
        FailureKind.Timeout => new TimeoutException("No."),
        FailureKind.Unavailable => new HttpRequestException("No.", null, HttpStatusCode.BadGateway),
        FailureKind.RateLimited => new HttpRequestException("No.", null, HttpStatusCode.TooManyRequests),
        FailureKind.BadArguments => new JsonException("No."),
        _ => new InvalidOperationException("No."),
    };

    static ToolResult Found(string toolCallId) =>
        new("found", new("a query", [Passage(toolCallId), Passage("shared")]));

    static Passage Passage(string id) => new("doc-" + id, 1, id, id + ".md", "Title", "Text", 1.0);
}
