namespace Agents.Host.Tools;

/// <summary>Marks a class as a tool. Its public <c>Run</c> method is what the model calls.</summary>
/// <param name="name">What the model sees, such as <c>search_documents</c>. Stored in facts: never rename.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ToolAttribute(string name) : Attribute
{
    public string Name { get; } = name;

    /// <summary>
    /// Running twice does no harm. If not, each attempt is claimed, and one whose worker was lost waits for a person instead of being repeated.
    /// </summary>
    public bool Repeatable { get; init; } = true;
}
