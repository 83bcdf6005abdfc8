using System.Text.Json;
using System.Text.Json.Nodes;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Platform;
using Json.Schema;
using Microsoft.Extensions.Caching.Memory;

namespace Agents.Host.Models.Outputs;

/// <summary>
/// A JSON Schema (draft 2020-12) for outputs. It refers to nothing outside itself, and holding an output against it takes bounded time.
/// </summary>
public sealed class OutputSchema
{
    static readonly MemoryCache Kept = new(new MemoryCacheOptions { SizeLimit = OutputLimits.KeptCharacters });

    readonly JsonSchema schema;
    readonly long values;
    readonly bool hasUniqueItems;

    OutputSchema(string text, JsonElement json, JsonSchema schema, long values)
    {
        (Text, Json, this.schema, this.values) = (text, json, schema, values);
        hasUniqueItems = text.Contains("\"uniqueItems\"", StringComparison.Ordinal);
        IsAnyObject = JsonElement.DeepEquals(json, AnyObject);
        IsOfObjects = StrictForm.IsObject(json);
        (SuitsOpenAI, SuitsAnthropic) = (StrictForm.SuitsOpenAI(json), StrictForm.SuitsAnthropic(json));
    }

    /// <summary>The schema that every JSON object fits: what providers call JSON mode.</summary>
    public static readonly JsonElement AnyObject = JsonElement.Parse("""{"type":"object"}""");

    /// <summary>Without white space.</summary>
    public string Text { get; }

    public JsonElement Json { get; }

    /// <summary>It says nothing but that the output is an object.</summary>
    public bool IsAnyObject { get; }

    /// <summary>It says that the output is an object.</summary>
    public bool IsOfObjects { get; }

    /// <summary>OpenAI's models are kept to it by OpenAI.</summary>
    public bool SuitsOpenAI { get; }

    /// <summary>Anthropic's models are kept to it by Anthropic.</summary>
    public bool SuitsAnthropic { get; }

    /// <summary>Reads a schema. What was read once is kept.</summary>
    /// <param name="text">JSON text.</param>
    /// <returns>The schema, or a sentence that says why it is none that can be used.</returns>
    public static (OutputSchema? Schema, string? Problem) Read(string text)
    {
        if (text.Length > ModelWishes.SchemaCharacters)
            return (
                null,
                FormattableString.Invariant($"A schema may have {ModelWishes.SchemaCharacters:N0} characters; this one has {text.Length:N0}."));

        return Kept.GetOrCreate(text, entry =>
        {
            entry.Size = text.Length + 1;
            return Parse(text);
        });
    }

    /// <summary>
    /// What is wrong with an output, in sentences that name the place; the first <see cref="ModelWishes.MostProblems"/>. Empty when it fits.
    /// </summary>
    /// <param name="size">The values of the output, and how many pairs of them stand in the same array.</param>
    public IReadOnlyList<string> Problems(JsonElement output, (long Values, long Pairs) size)
    {
        if (values * size.Values + (hasUniqueItems ? size.Pairs : 0) > OutputLimits.Work)
            return ["$: It is too large to be held against its schema."];

        try
        {
            using var _ = BoundedKeywords.Begin();
            return SchemaErrors.Of(schema.Evaluate(output, new EvaluationOptions { OutputFormat = OutputFormat.List }));
        }
        catch (Exception e) when (e is TimeoutException or InsufficientExecutionStackException)
        {
            return ["$: It could not be held against its schema in the time there is."];
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Schema and output come from outside: whatever the validator throws is about them, and none of the message that asked for the call.
            return [Sanitiser.Text($"$: It could not be held against its schema: {e.Message}", ModelWishes.ProblemCharacters)];
        }
    }

    static (OutputSchema? Schema, string? Problem) Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, JsonFormat.Document);
            var json = document.RootElement.Clone();
            var values = SchemaWalk.Count(json);
            if ((SchemaWalk.Problem(json, values) ?? Satisfiable.Problem(json)) is { } problem) return (null, problem);

            var schema = JsonSchema.Build(Standing(json), new BuildOptions { SchemaRegistry = new(), Dialect = BoundedKeywords.Dialect });
            return (new(JsonSerializer.Serialize(json, JsonFormat.Api), json, schema, values), null);
        }
        catch (JsonException e)
        {
            return (null, $"It is no JSON: {e.Message}");
        }
        catch (InsufficientExecutionStackException)
        {
            return (null, "Its references lead too deep.");
        }
        catch (Exception e) when (e is not OutOfMemoryException) // the validator's own, and what others it meets within a schema
        {
            return (null, Sanitiser.Text($"It is no JSON Schema: {e.Message}", ModelWishes.ProblemCharacters));
        }
    }

    /// <summary>Without its address and the name of its draft, which would choose other rules than those that are bounded.</summary>
    static JsonElement Standing(JsonElement json)
    {
        if (json.ValueKind is not JsonValueKind.Object) return json;

        var schema = JsonObject.Create(json)!;
        schema.Remove("$id");
        schema.Remove("$schema");
        return JsonSerializer.SerializeToElement(schema);
    }
}
