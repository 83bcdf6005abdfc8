namespace Agents.Host.Tools;

/// <summary>For which call a tool runs; a tool takes it in its constructor.</summary>
/// <param name="Step">Position of the step, from 0.</param>
public sealed record ToolContext(string Tenant, Guid RunId, int Step, string ToolCallId)
{
    /// <summary>
    /// The same for every attempt of one call: pass it on, so that the service that is called can tell a repetition from a second request.
    /// </summary>
    public string IdempotencyKey => $"{RunId}/{Step}/{ToolCallId}";
}
