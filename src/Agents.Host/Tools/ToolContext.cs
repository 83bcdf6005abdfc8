namespace Agents.Host.Tools;

/// <summary>For which call a tool or code step runs; its class takes it in its constructor.</summary>
/// <param name="Step">Position of the step, from 0.</param>
public sealed record ToolContext(string Tenant, Guid RunId, int Step, string ToolCallId)
{
    /// <summary>
    /// The same for every attempt of one call, and another when the step is taken again: pass it on, so that the service that is called can tell a
    /// repetition from a second request.
    /// </summary>
    public string IdempotencyKey => $"{RunId}/{Step}/{ToolCallId}";
}
