namespace Agents.Host.Http;

/// <summary>What the endpoint reads from the body itself, for the OpenAPI document. Endpoints with a parameter for the body need none.</summary>
/// <param name="type">Of a JSON body, for its schema. Null when every JSON object, or another form, is taken.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TakesBodyAttribute(Type? type, params string[] contentTypes) : Attribute
{
    public const string Json = "application/json", Yaml = "application/yaml", Text = "text/plain", Binary = "application/octet-stream";

    public const string Form = "multipart/form-data", Csv = "text/csv";

    public Type? Type { get; } = type;

    public IReadOnlyList<string> ContentTypes { get; } = contentTypes.Length > 0 ? contentTypes : [Json];

    /// <summary>The request may come without a body.</summary>
    public bool IsOptional { get; init; }
}
