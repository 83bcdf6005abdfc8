using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Agents.Host.Models.Wire;

/// <summary>A piece of a tool call, as it came.</summary>
/// <param name="index">The place among the reply's calls. Null when the provider named none.</param>
/// <param name="id">The provider's name of the call. Null when this piece has none.</param>
/// <param name="name">Of the tool. Null when this piece has none.</param>
/// <param name="arguments">More of the arguments' JSON. Null when this piece has none.</param>
public sealed class ToolCallPiece(long? index, string? id, string? name, string? arguments) : AIContent
{
    public long? Index => index;
    public string? Id => id;
    public string? Name => name;
    public string? Arguments => arguments;
}

/// <summary>What a provider counted, as it sent it.</summary>
/// <param name="form">Whose way of counting it is.</param>
public sealed class UsageReport(JsonElement counts, ModelProvider form) : AIContent
{
    public JsonElement Counts => counts;
    public ModelProvider Form => form;
}

/// <summary>The tier that the provider says it served, as it names it.</summary>
public sealed class ServedTier(string name) : AIContent
{
    public string Name => name;
}

/// <summary>Something in a reply that is neither text nor a tool call, nor known here.</summary>
/// <param name="what">As the provider names it.</param>
public sealed class PassedOver(string what) : AIContent
{
    public string What => what;
}
