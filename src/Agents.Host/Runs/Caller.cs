namespace Agents.Host.Runs;

/// <summary>Who is asking. On loopback without keys everybody is the local operator of the tenant <c>default</c>.</summary>
public static class Caller
{
    public const string DefaultTenant = "default";

    public const string Name = "operator";
}
