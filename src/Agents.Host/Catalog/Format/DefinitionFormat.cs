using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Agents.Domain.Runs;

namespace Agents.Host.Catalog.Format;

/// <summary>
/// What may stand in the text of a definition: each kind of object and its members. The JSON Schema that editors use says the same; a test compares
/// them.
/// </summary>
public static partial class DefinitionFormat
{
    /// <summary>The media type of YAML, RFC 9512.</summary>
    public const string Yaml = "application/yaml";

    static readonly string[] OfEveryStep = ["name", "when", "next", "else", "visits", "callTimeout"];

    /// <summary>By the name that the schema gives the kind of object.</summary>
    public static readonly IReadOnlyDictionary<string, IReadOnlyList<string>> Members = new Dictionary<string, IReadOnlyList<string>>
    {
        ["agent"] = ["name", "version", "description", "model", "limits", "parameters", "fallback", "atLimit", "steps"],
        ["limits"] =
        [
            "costUsd", "duration", "modelCallsPerStep", "toolCallsPerTurn", "attempts", "outputTokensPerCall", "resultCharacters", "passagesPerStep",
            "approvalWithin", "promptCharacters",
        ],
        ["parameters"] = ["temperature", "topP", "seed", "reasoningEffort", "stop", "parallelToolCalls", "cacheBreakpoints"],
        ["fallback"] = ["models", "attempts", "on"],
        ["modelStep"] = [.. OfEveryStep, "instructions", "tools", "model", "output", "parameters", "fallback"],
        ["toolStep"] = [.. OfEveryStep, "tool", "with", "forEach", "approval"],
        ["codeStep"] = [.. OfEveryStep, "code", "with", "forEach", "approval"],
        ["agentStep"] = [.. OfEveryStep, "agent", "question", "forEach", "approval"],
        ["waitStep"] = [.. OfEveryStep, "wait"],
        ["wait"] = ["signal", "for", "until"],
        ["grant"] = ["tool", "approval", "agents"],
        ["forEach"] = ["items", "parallel", "failures", "most"],
        ["argument"] = ["question", "output", "path", "eachLine", "label", "text", "item"],
    };

    /// <summary>The JSON Schema, draft 2020-12, as <c>GET /schemas/agent.json</c> serves it.</summary>
    public static string Schema()
    {
        using var stored = typeof(DefinitionFormat).Assembly.GetManifestResourceStream("agent.schema.json")!;
        var schema = JsonNode.Parse(stored)!;
        schema["$defs"]!["failure"]!["enum"] = new JsonArray([.. Enum.GetValues<FailureKind>().Select(kind => JsonValue.Create(WordOf(kind)))]);
        return schema.ToJsonString(Indented);
    }

    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What agents and aliases may be called: 1 to 64 of a-z, 0-9, dot, hyphen and underscore, beginning with a letter or digit.</summary>
    public static bool IsName(string name) => Name().IsMatch(name);

    /// <summary>The word for a member of an enum, such as <c>rateLimited</c>.</summary>
    internal static string WordOf<T>(T value) where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._-]{0,63}\z")]
    private static partial Regex Name();
}
