using System.Text.Json.Nodes;

namespace Agents.Host.Platform;

/// <summary>
/// Takes amounts out of JSON for callers who may not see money. All amounts stand in members whose name ends with <c>usd</c>, in <c>cost</c>, which
/// has the prices too, or in a provider's own words about usage; texts hold none. Each becomes null, which means unknown.
/// </summary>
public static class HiddenMoney
{
    const string Amount = "Usd";

    /// <summary>Labels, and answers of a form that the caller chose, are the caller's own, whatever their members are called.</summary>
    static readonly IReadOnlyList<string> OfCaller = ["metadata", "output", "schema"];

    static readonly IReadOnlyList<string> Whole = ["cost", "rawUsage"];

    /// <param name="json">A JSON document. What is not one is given back as it is.</param>
    public static string Of(string json)
    {
        if (JsonNode.Parse(json) is not { } document) return json;

        Hide(document);
        return document.ToJsonString(JsonFormat.Api);
    }

    static void Hide(JsonNode node)
    {
        if (node is JsonArray items)
        {
            foreach (var item in items.OfType<JsonNode>()) Hide(item);
            return;
        }

        if (node is not JsonObject holder) return;
        foreach (var (name, value) in holder.ToList())
        {
            if (value is null || OfCaller.Contains(name)) continue;
            if (name.EndsWith(Amount, StringComparison.OrdinalIgnoreCase) || Whole.Contains(name)) holder[name] = null;
            else Hide(value);
        }
    }
}
