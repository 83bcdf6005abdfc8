using Microsoft.Extensions.AI;

namespace Agents.Host.Tools;

/// <summary>The tools that runs may call, by name.</summary>
public interface ITools
{
    /// <summary>Whether an attempt may be made again of which no worker has reported what became of it.</summary>
    bool IsRepeatable(string tool);

    /// <summary>Name, description and parameters, as a model is told of them.</summary>
    AITool Declaration(string tool);

    /// <summary>Runs a tool; what goes wrong in it is thrown.</summary>
    /// <exception cref="System.Text.Json.JsonException">The arguments are no JSON object, or nested too deep.</exception>
    /// <exception cref="ArgumentException">An argument is missing or of the wrong type, or there is no such tool.</exception>
    Task<ToolResult> Run(string tool, string arguments, ToolContext context, CancellationToken ct);
}
