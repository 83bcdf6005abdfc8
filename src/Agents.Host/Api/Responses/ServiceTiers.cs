namespace Agents.Host.Api.Responses;

/// <summary>OpenAI's word for priorities.</summary>
public static class ServiceTiers
{
    const int Flex = 2;
    const int Default = 5;
    const int Priority = 7;

    public static string Of(int priority) => priority <= Flex ? "flex" : priority >= Priority ? "priority" : "default";

    /// <summary>Null when there is no such tier here.</summary>
    public static int? PriorityOf(string? tier) => tier switch
    {
        null or "auto" or "default" => Default,
        "flex" => Flex,
        "priority" => Priority,
        _ => null,
    };
}
