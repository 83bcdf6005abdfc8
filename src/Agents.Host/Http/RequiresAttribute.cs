namespace Agents.Host.Http;

/// <summary>
/// The permission that an endpoint asks of its caller, stated on its method. An endpoint that states none is refused to every caller.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresAttribute(string permission) : Attribute
{
    /// <summary>One of <see cref="Permissions"/>.</summary>
    public string Permission => permission;
}
