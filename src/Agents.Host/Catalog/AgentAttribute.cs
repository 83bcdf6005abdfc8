namespace Agents.Host.Catalog;

/// <summary>Marks a static property that defines an agent. Nothing else needs to be told.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class AgentAttribute : Attribute;
