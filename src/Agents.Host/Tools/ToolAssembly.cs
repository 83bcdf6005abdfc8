using System.Reflection;

namespace Agents.Host.Tools;

/// <summary>Registers an assembly whose tools belong in the box.</summary>
public sealed record ToolAssembly(Assembly Assembly);
