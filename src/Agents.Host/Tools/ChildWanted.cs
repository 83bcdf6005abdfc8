using Agents.Domain.Definitions;

namespace Agents.Host.Tools;

/// <summary>A run that a tool call asks for.</summary>
/// <param name="AgentFor">The definition that the run gets, by its id: a version may be on trial.</param>
public sealed record ChildWanted(Func<Guid, AgentDefinition> AgentFor, string Question);
