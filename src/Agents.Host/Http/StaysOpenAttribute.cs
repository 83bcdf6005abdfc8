namespace Agents.Host.Http;

/// <summary>The endpoint may answer for minutes: a stream, or an answer that is waited for. A key may have <c>Callers:OpenRequests</c> of them.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class StaysOpenAttribute : Attribute;
