using System.Text.Json;
using System.Text.Json.Serialization;
using Agents.Domain.Runs;

namespace Agents.Host.Engine.Requests;

/// <summary>A version of another run.</summary>
public sealed record ForkedFromView(Guid Run, long Version);
