using Agents.Host.Tools;
using Microsoft.Extensions.AI;

namespace Agents.Host.Cli.Demo;

/// <summary>The server's own tools, each of which takes a while of the demo's time.</summary>
sealed class DemoTools(ToolBox tools, DemoClock clock, Random random) : ITools
{
    public bool IsRepeatable(string tool) => tools.IsRepeatable(tool);

    public AITool Declaration(string tool) => tools.Declaration(tool);

    public async Task<ToolResult> Run(string tool, string arguments, ToolContext context, CancellationToken ct)
    {
        var result = await tools.Run(tool, arguments, context, ct);
        clock.Advance(TimeSpan.FromMilliseconds(random.Next(60, 900)));
        return result;
    }
}
