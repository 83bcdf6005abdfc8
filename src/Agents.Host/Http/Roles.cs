namespace Agents.Host.Http;

/// <summary>What a key may be used for. Stored by name: add, never rename.</summary>
public static class Roles
{
    public const string Viewer = "viewer";
    public const string Operator = "operator";
    public const string Finance = "finance";
    public const string Auditor = "auditor";

    /// <summary>Everything of its tenant, and nothing of what tenants share.</summary>
    public const string Admin = "admin";

    /// <summary>Collects metrics, which are of all tenants; nothing else.</summary>
    public const string Monitor = "monitor";

    /// <summary>What all tenants share; of runs and documents its own tenant's, like an administrator.</summary>
    public const string Platform = "platform";

    public static readonly IReadOnlyList<string> All = [Viewer, Operator, Finance, Auditor, Admin, Monitor, Platform];
}
