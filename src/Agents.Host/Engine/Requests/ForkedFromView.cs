namespace Agents.Host.Engine.Requests;

/// <summary>A version of another run.</summary>
public sealed record ForkedFromView(Guid Run, long Version);
