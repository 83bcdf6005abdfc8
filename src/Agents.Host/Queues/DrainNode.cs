using Agents.Domain.Runs;
using Agents.Host.Runs;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Queues;

/// <summary>The servers that take runs, and how many they have.</summary>
public static class ListNodesEndpoint
{
    [WolverineGet("/nodes"), ProducesResponseType<Page<NodeView>>(200)]
    public static async Task<Page<NodeView>> Get(NodeStore nodes, CancellationToken ct) => new(await nodes.List(ct), null);
}

/// <summary>Empties a node: it takes no runs, begins no call, and hands each run over as soon as nothing of it is under way there.</summary>
public static class DrainNodeEndpoint
{
    [WolverinePost("/nodes/{name}/drain"), ProducesResponseType<NodeView>(200), ProducesResponseType<ProblemDetails>(404)]
    public static Task<IResult> Post(string name, NodeStore nodes, HttpContext http, CancellationToken ct) => Drained.Set(name, Caller.Of(http).Name, nodes, ct);
}

/// <summary>Lets a node that was drained take runs again.</summary>
public static class ResumeNodeEndpoint
{
    [WolverinePost("/nodes/{name}/resume"), ProducesResponseType<NodeView>(200), ProducesResponseType<ProblemDetails>(404)]
    public static Task<IResult> Post(string name, NodeStore nodes, CancellationToken ct) => Drained.Set(name, null, nodes, ct);
}

static class Drained
{
    const int ShownCharacters = 100;

    public static async Task<IResult> Set(string name, string? by, NodeStore nodes, CancellationToken ct) =>
        await nodes.Drain(name, by, ct) && (await nodes.List(ct)).FirstOrDefault(node => node.Name == name) is { } node
            ? Results.Ok(node)
            : Results.Problem(statusCode: 404, title: "Unknown node", detail: $"No living node is named \"{Sanitiser.Text(name, ShownCharacters)}\". GET /nodes lists them.");
}
