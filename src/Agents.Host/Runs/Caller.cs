namespace Agents.Host.Runs;

/// <summary>Who is asking, and for which tenant. On loopback without keys everybody is the local operator of the tenant <c>default</c>.</summary>
public sealed record Caller(string Tenant, string Name)
{
    public const string DefaultTenant = "default";

    static readonly Caller Local = new(DefaultTenant, "operator");

    public static Caller Of(HttpContext _) => Local;
}
