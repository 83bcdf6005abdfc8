using Agents.Domain.Runs;
using Agents.Host.Engine.Queue;
using Agents.Host.Http;
using Agents.Host.Platform;

namespace Agents.Host.Api.Queue;

static class Drained
{
    const int ShownCharacters = 100;

    public static async Task<IResult> Set(string name, bool isDrained, Actor by, NodeStore nodes, CancellationToken ct) =>
        await nodes.Drain(name, isDrained, by, ct) && (await nodes.List(ct)).FirstOrDefault(node => node.Name == name) is { } node
            ? Results.Ok(node)
            : Refusals.Unknown(
                "Unknown node", $"No living node is named \"{Sanitiser.Text(name, ShownCharacters)}\". GET /nodes lists them.").Answer();
}
