using System.Text.Json;

namespace Agents.Host.Tests.Http.Fuzz;

/// <summary>An operation of the OpenAPI document: its address, what its query may have, and a sensible body. The body is null where it has none.</summary>
sealed record Operation(string Method, string Path, IReadOnlyList<string> Query, Node? Body)
{
    /// <summary>How deep a body is made.</summary>
    const int Depth = 4;

    /// <summary>Bodies of operations that read them by hand, so that the document does not describe them.</summary>
    static readonly Dictionary<string, string> Described = new()
    {
        ["POST /runs/batch"] = """{"items":[{"agent":"research","question":"What?","idempotencyKey":"k1"},{"agent":"research","question":"What?"}],"allOrNothing":true}""",
        ["POST /v1/responses"] = """
            {"model":"research","input":[{"role":"user","content":[{"type":"input_text","text":"What?"}]}],"background":true,"metadata":{"a":"b"},
             "max_output_tokens":100,"include":["agent_steps"],"instructions":"Be brief.","previous_response_id":null,"service_tier":"flex"}
            """,
        ["PUT /agents/{name}"] = """
            {"name":"odd","version":1,"limits":{"costUsd":0.5,"duration":"1h"},"parameters":{"temperature":0.5,"stop":["x"]},"steps":[
              {"name":"plan","instructions":"Plan.","tools":["search_documents",{"tool":"subagent","agents":["odd"]}],"output":{"type":"object"}},
              {"name":"search","tool":"search_documents","with":{"query":{"eachLine":"plan"},"sources":{"label":"a"}}}]}
            """,
        ["POST /documents"] = "\"# What is odd?\"",
        ["POST /finance/usage"] = "\"time,model,response_id,input_tokens,output_tokens,cost_usd\\n2026-11-23T14:05:00Z,gpt-4o-mini,r1,10,10,0.1\\n\"",
    };

    public static IReadOnlyList<Operation> Read(string document)
    {
        var root = JsonSerializer.Deserialize<JsonElement>(document);
        var operations =
            from path in root.GetProperty("paths").EnumerateObject()
            from operation in path.Value.EnumerateObject()
            where operation.Value.ValueKind is JsonValueKind.Object && operation.Name is not "parameters"
            select Of(operation.Name.ToUpperInvariant(), path.Name, operation.Value, root);
        return [.. operations];
    }

    static Operation Of(string method, string path, JsonElement operation, JsonElement root)
    {
        var query = operation.TryGetProperty("parameters", out var parameters)
            ? parameters.EnumerateArray().Where(one => one.GetProperty("in").GetString() == "query").Select(one => one.GetProperty("name").GetString()!)
            : [];
        var body = Described.GetValueOrDefault($"{method} {path}") is { } described ? Node.Of(JsonSerializer.Deserialize<JsonElement>(described))
            : operation.TryGetProperty("requestBody", out var given)
                ? Sensible(given.GetProperty("content").EnumerateObject().First().Value.GetProperty("schema"), "body", root, Depth)
            : method is "POST" ? Node.Of(JsonSerializer.Deserialize<JsonElement>("""{"reason":"odd"}"""))
            : null;
        return new(method, path, [.. query], body);
    }

    /// <summary>A value that the schema allows, and, where a name says what is meant, one that means something.</summary>
    static Node Sensible(JsonElement schema, string name, JsonElement root, int depth)
    {
        if (Sense.Of(name) is { } known) return Node.Of(JsonSerializer.Deserialize<JsonElement>(known));
        if (schema.TryGetProperty("$ref", out var reference))
            return Sensible(Find(root, reference.GetString()!), name, root, depth - 1);
        foreach (var choice in new[] { "oneOf", "anyOf", "allOf" })
            if (schema.TryGetProperty(choice, out var choices))
                return Sensible(choices.EnumerateArray().FirstOrDefault(one => TypeOf(one) != "null", choices[0]), name, root, depth - 1);
        if (schema.TryGetProperty("enum", out var words)) return new(words[0].GetRawText());

        return TypeOf(schema) switch
        {
            _ when depth <= 0 => new("null"),
            "object" when schema.TryGetProperty("properties", out var members) => new(
                [.. members.EnumerateObject().Select(member => (Name: (string?)member.Name, Sensible(member.Value, member.Name, root, depth - 1)))], true),
            "object" => new([("a", new("\"b\""))], true),
            "array" => new([(null, schema.TryGetProperty("items", out var items) ? Sensible(items, name, root, depth - 1) : new("1"))], false),
            "integer" or "number" => new("1"),
            "boolean" => new("true"),
            _ => new("\"a\""),
        };
    }

    static string TypeOf(JsonElement schema) => !schema.TryGetProperty("type", out var type) ? ""
        : type.ValueKind is JsonValueKind.String ? type.GetString()!
        : type.EnumerateArray().Select(one => one.GetString()!).First(one => one != "null");

    static JsonElement Find(JsonElement root, string reference) =>
        reference.Split('/').Skip(1).Aggregate(root, (at, part) => at.GetProperty(part.Replace("~1", "/", StringComparison.Ordinal)));
}

/// <summary>What names mean: so that a spoilt request comes as far as the place that is spoilt.</summary>
static class Sense
{
    public static string? Of(string name) => name switch
    {
        "agent" => "\"research\"",
        "question" => "\"What is odd?\"",
        "cron" => "\"0 7 * * 1-5\"",
        "timeZone" => "\"Europe/Berlin\"",
        "priority" => "5",
        "status" => "\"parked\"",
        "failure" => "\"RateLimited\"",
        "notBefore" or "deadline" or "threadId" or "multitask" or "tenant" => "null",
        "run" => """{"agent":"research","question":"What is odd?"}""",
        "list" =>
            """
            {"version":"odd-1","currency":"USD","unit":"per million tokens","entries":[{"provider":"openai","models":["odd"],"source":"here",
             "checked":"2026-11-01","input":1,"output":2}]}
            """,
        "from" => "\"2026-11-01T00:00:00+02:00\"",
        _ => null,
    };
}
