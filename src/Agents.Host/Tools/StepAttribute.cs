namespace Agents.Host.Tools;

/// <summary>
/// Marks a public method as a code step: a step of an agent may run it as it runs a tool, and no model may. Its class is made anew for each call,
/// with services in its constructor, unless the method is static.
/// </summary>
/// <param name="name">
/// What definitions name it by, such as <c>count_words</c>. Tools and code steps share one set of names. Stored in facts: never rename.
/// </param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class StepAttribute(string name) : Attribute
{
    public string Name { get; } = name;

    /// <inheritdoc cref="ToolAttribute.Repeatable"/>
    public bool Repeatable { get; init; } = true;
}
