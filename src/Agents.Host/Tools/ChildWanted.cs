using System.ComponentModel;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;

namespace Agents.Host.Tools;

/// <summary>A run that a tool call asks for.</summary>
public sealed record ChildWanted(AgentDefinition Agent, string Question);
