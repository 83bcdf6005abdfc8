using Agents.Domain.Definitions;

namespace Agents.Host.Tools;

/// <summary>A run that a tool call asks for.</summary>
public sealed record ChildWanted(AgentDefinition Agent, string Question);
