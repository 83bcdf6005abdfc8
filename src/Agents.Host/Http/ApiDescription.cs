using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using System.Xml.Linq;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Agents.Host.Http;

/// <summary>
/// Makes the OpenAPI document what clients are generated from: names of operations, bodies that endpoints read themselves, numbers as numbers, keys,
/// and examples. Words and examples stand at the endpoints, in their summaries.
/// </summary>
static class ApiDescription
{
    const string Bearer = "key";

    /// <summary>The first part of a path, in the order of the reference page, with what it is about; the last takes what fits no other.</summary>
    static readonly (string Name, string About)[] Groups =
    [
        ("Runs", "Questions that agents work on: queueing, watching, changing, and their history."),
        ("Threads", "Conversations: runs one after the other."),
        ("V1", "OpenAI's Responses API over the same runs."),
        ("Agents", "Definitions of agents, their versions and aliases."),
        ("Documents", "What agents search."),
        ("Search", "Searching the documents as an agent does."),
        ("Passages", "The text that citations name."),
        ("Costs", "What models have cost."),
        ("Stream", "The facts of all runs as they happen."),
        ("Other", "Queue, budgets, prices, schedules, batches, nodes and messages."),
    ];

    /// <summary>What the framework says of an operation whose endpoint answers for itself.</summary>
    const string Unstated = nameof(IResult);

    /// <summary>The name of a type's schema. Null for JSON of any form, of which generated clients would make a class without members.</summary>
    public static string? ComponentOf(JsonTypeInfo type) =>
        (Nullable.GetUnderlyingType(type.Type) ?? type.Type) == typeof(JsonElement) || type.Type.IsAssignableTo(typeof(JsonNode)) ? null : OpenApiOptions.CreateDefaultSchemaReferenceId(type);

    public static Task Describe(OpenApiDocument document)
    {
        document.Tags = new HashSet<OpenApiTag>(Groups.Select(group => new OpenApiTag { Name = group.Name, Description = group.About }));
        document.Info = new()
        {
            Title = "Agents",
            Version = Assembly.GetExecutingAssembly().GetName().Version!.ToString(3),
            Description = "Retrieval agents, durable on one PostgreSQL.",
            License = new() { Name = "MIT", Identifier = "MIT" },
        };
        foreach (var server in document.Servers ?? []) server.Url = server.Url?.TrimEnd('/');
        document.Components ??= new();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [Bearer] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "A key of agents keys create. A server without keys needs none.",
            },
        };
        document.Security = [new(), new() { [new OpenApiSecuritySchemeReference(Bearer, document)] = [] }];
        document.Components.Schemas?.Remove(Unstated);
        return Task.CompletedTask;
    }

    public static async Task Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken ct)
    {
        var endpoint = operation.Tags?.FirstOrDefault()?.Name; // the framework's tag is the type of the endpoint
        if (endpoint is not null && Docs.Value.GetValueOrDefault(endpoint) is { } docs)
        {
            operation.OperationId = NameOf(endpoint);
            (operation.Summary, operation.Description) = (docs.FirstSentence, docs.Rest);
        }

        var about = context.Description.RelativePath?.Split('/', '?')[0] ?? "";
        var group = Groups.Select(one => one.Name).FirstOrDefault(name => name.Equals(about, StringComparison.OrdinalIgnoreCase)) ?? Groups[^1].Name;
        operation.Tags = new HashSet<OpenApiTagReference> { new(group, context.Document) };

        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<TakesBodyAttribute>().FirstOrDefault() is { } taken)
            operation.RequestBody = await Body(taken, context, ct);
        if (endpoint is not null && Docs.Value.GetValueOrDefault(endpoint)?.Example is { } example && operation.RequestBody?.Content is { } content)
            foreach (var (type, media) in content)
                if (type == TakesBodyAttribute.Json) media.Example = JsonNode.Parse(example);
        DropUnstated(operation);
        if (about == "v1") RefuseAsOpenAI(operation);
        else
            foreach (var (status, meaning) in OfAll)
                operation.Responses!.TryAdd(status, await Refusal(meaning, context, ct));
    }

    /// <summary>The form of <see cref="OpenAIRefusal"/>, for every refusal that the endpoint states, and for those that come before it.</summary>
    static void RefuseAsOpenAI(OpenApiOperation operation)
    {
        foreach (var (status, meaning) in OfAll) operation.Responses!.TryAdd(status, new OpenApiResponse { Description = meaning });
        foreach (var (status, answer) in operation.Responses!)
            if (status[0] == '4' && answer is OpenApiResponse refusal)
                refusal.Content = new Dictionary<string, OpenApiMediaType> { [TakesBodyAttribute.Json] = new() { Schema = OpenAIError() } };
    }

    static OpenApiSchema OpenAIError()
    {
        var (text, none) = (JsonSchemaType.String, JsonSchemaType.String | JsonSchemaType.Null);
        return new()
        {
            Type = JsonSchemaType.Object,
            Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["error"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    Properties = new Dictionary<string, IOpenApiSchema>
                    {
                        ["message"] = new OpenApiSchema { Type = text },
                        ["type"] = new OpenApiSchema { Type = text },
                        ["param"] = new OpenApiSchema { Type = none },
                        ["code"] = new OpenApiSchema { Type = none },
                    },
                },
            },
        };
    }

    /// <summary>What every endpoint but those of OpenAI's form may answer, as problem details.</summary>
    static readonly IReadOnlyDictionary<string, string> OfAll = new Dictionary<string, string>
    {
        ["400"] = "The request is not what the address takes.", ["401"] = "A key is needed, or was refused.", ["403"] = "The key's role may not do this.",
    };

    static async Task<OpenApiResponse> Refusal(string meaning, OpenApiOperationTransformerContext context, CancellationToken ct) => new()
    {
        Description = meaning,
        Content = new Dictionary<string, OpenApiMediaType>
        {
            ["application/problem+json"] = new() { Schema = await Component(typeof(ProblemDetails), context, ct) },
        },
    };

    /// <summary>Money is decimal, never binary, and the words of an enumeration are text, which the framework leaves open. It takes numbers written as text as well, and says so of each; generated clients would take text for the type.</summary>
    public static Task Describe(OpenApiSchema schema, OpenApiSchemaTransformerContext context)
    {
        if ((Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type) == typeof(decimal)) schema.Format = "decimal";
        if (schema is { Enum: { Count: > 0 } words, Type: null })
            (schema.Type, schema.Enum) = (JsonSchemaType.String, [.. words.Where(word => word is not null && !JsonNullSentinel.IsJsonNullSentinel(word))]);
        if (schema.Type is { } type && (type.HasFlag(JsonSchemaType.Integer) || type.HasFlag(JsonSchemaType.Number)) && type.HasFlag(JsonSchemaType.String))
            (schema.Type, schema.Pattern) = (type & ~JsonSchemaType.String, null);
        return Task.CompletedTask;
    }

    /// <summary><c>Agents.Host.Api.Runs.QueueRunEndpoint</c> is <c>queueRun</c>.</summary>
    static string NameOf(string endpoint)
    {
        var name = endpoint[(endpoint.LastIndexOf('.') + 1)..];
        if (name.EndsWith("Endpoint", StringComparison.Ordinal)) name = name[..^"Endpoint".Length];
        return char.ToLowerInvariant(name[0]) + name[1..];
    }

    static async Task<OpenApiRequestBody> Body(TakesBodyAttribute taken, OpenApiOperationTransformerContext context, CancellationToken ct)
    {
        var body = new OpenApiRequestBody { Required = !taken.IsOptional, Content = new Dictionary<string, OpenApiMediaType>() };
        foreach (var type in taken.ContentTypes)
            body.Content[type] = new()
            {
                Schema = type == TakesBodyAttribute.Json
                    ? taken.Type is null ? new OpenApiSchema() : await Component(taken.Type, context, ct)
                    : type == TakesBodyAttribute.Form ? Files() : new OpenApiSchema { Type = JsonSchemaType.String },
            };
        return body;
    }

    /// <summary>A schema by its name, once in the document: generated clients have one class for it.</summary>
    static async Task<OpenApiSchemaReference> Component(Type type, OpenApiOperationTransformerContext context, CancellationToken ct)
    {
        context.Document!.AddComponent(type.Name, await context.GetOrCreateSchemaAsync(type, null, ct));
        return new(type.Name, context.Document);
    }

    static OpenApiSchema Files() => new()
    {
        Type = JsonSchemaType.Object,
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["file"] = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary", Description = "As many as there are, each with its name." },
        },
    };

    /// <summary>An endpoint that answers for itself states its answers; the framework adds a 200 of no type, and a 404.</summary>
    static void DropUnstated(OpenApiOperation operation)
    {
        foreach (var (status, answer) in operation.Responses?.ToList() ?? [])
        {
            var isUntyped = answer.Content?.Values.Any(media => media.Schema is OpenApiSchemaReference { Reference.Id: Unstated }) is true;
            var isBare = status == "404" && answer.Content is not { Count: > 0 };
            if (isUntyped || isBare) operation.Responses!.Remove(status);
        }
    }

    sealed record EndpointDocs(string FirstSentence, string? Rest, string? Example);

    static readonly Lazy<IReadOnlyDictionary<string, EndpointDocs>> Docs = new(() =>
    {
        var file = Path.ChangeExtension(Assembly.GetExecutingAssembly().Location, ".xml");
        if (!File.Exists(file)) return new Dictionary<string, EndpointDocs>();

        return XDocument.Load(file).Descendants("member")
            .Where(member => member.Attribute("name")?.Value.StartsWith("T:", StringComparison.Ordinal) is true && member.Element("summary") is not null)
            .ToDictionary(member => member.Attribute("name")!.Value[2..], member => Of(
                OneLine(member.Element("summary")!.Value), member.Element("example")?.Value));
    });

    static EndpointDocs Of(string summary, string? example)
    {
        var end = summary.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? new(summary, null, example) : new(summary[..(end + 1)], summary[(end + 2)..], example);
    }

    static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
