using System.Reflection;
using System.Text.Json;
using Agents.Domain.Runs;
using Microsoft.Extensions.AI;

namespace Agents.Host.Tools;

/// <summary>Registers an assembly whose tools belong in the box.</summary>
public sealed record ToolAssembly(Assembly Assembly);
