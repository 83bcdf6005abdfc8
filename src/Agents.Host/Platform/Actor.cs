namespace Agents.Host.Platform;

/// <summary>Who changed something.</summary>
/// <param name="Name">The name of the credential; several may have one name.</param>
/// <param name="KeyId">The id of the key. Null for the server itself, and where the server needed no key.</param>
public sealed record Actor(string Name, string? KeyId)
{
    /// <summary>What the server does by itself.</summary>
    public static readonly Actor System = new("system", null);
}
