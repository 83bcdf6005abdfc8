namespace Agents.Host.Http;

/// <summary>What a key may be used for. Stored by name: add, never rename.</summary>
public static class Roles
{
    public const string Viewer = "viewer";
    public const string Operator = "operator";
    public const string Finance = "finance";
    public const string Auditor = "auditor";
    public const string Admin = "admin";

    public static readonly IReadOnlyList<string> All = [Viewer, Operator, Finance, Auditor, Admin];
}
