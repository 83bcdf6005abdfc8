namespace Agents.Host.Http;

/// <summary>The endpoint takes a body that is no JSON, or larger than <see cref="RequestBoundary.MostBytes"/>, and checks it itself.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ReadsBodyItselfAttribute : Attribute;
