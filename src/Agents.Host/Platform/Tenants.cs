namespace Agents.Host.Platform;

/// <summary>Whose runs are meant.</summary>
public static class Tenants
{
    /// <summary>The tenant of a server that needs no key.</summary>
    public const string Default = "default";
}
