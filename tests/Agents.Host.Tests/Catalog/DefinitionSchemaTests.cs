using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Catalog.Format;

namespace Agents.Host.Tests.Catalog;

/// <summary>The schema that editors use says what the reader takes.</summary>
public sealed class DefinitionSchemaTests
{
    static readonly JsonElement Schema = JsonSerializer.Deserialize<JsonElement>(DefinitionFormat.Schema()).GetProperty("$defs");

    [Fact]
    public void Each_member_that_the_reader_knows_is_in_the_schema_and_no_other()
    {
        foreach (var (kind, members) in DefinitionFormat.Members)
            Assert.Equal(members.Order(), Properties(kind).Order());

        var closed = Schema.EnumerateObject().Where(one => ObjectsIn(one.Value).Any(schema =>
            schema.TryGetProperty("additionalProperties", out var more) && more.ValueKind is JsonValueKind.False));
        Assert.Equal(DefinitionFormat.Members.Keys.Order(), closed.Select(one => one.Name).Order());
    }

    [Fact]
    public void Each_reference_leads_somewhere_and_words_are_those_of_the_code()
    {
        var references = DefinitionFormat.Schema().Split('"').Where(text => text.StartsWith("#/$defs/", StringComparison.Ordinal)).ToList();

        Assert.True(references.Count > 20, $"{references.Count}");
        Assert.All(references, reference => Assert.True(Schema.TryGetProperty(reference["#/$defs/".Length..], out _), reference));
        Assert.Equal(Enum.GetValues<FailureKind>().Length, Schema.GetProperty("failure").GetProperty("enum").GetArrayLength());
    }

    static IEnumerable<string> Properties(string kind) =>
        ObjectsIn(Schema.GetProperty(kind)).First(schema => schema.TryGetProperty("properties", out _)).GetProperty("properties").EnumerateObject()
            .Select(member => member.Name);

    /// <summary>The schema itself, or those it lets choose from.</summary>
    static IEnumerable<JsonElement> ObjectsIn(JsonElement schema) =>
        schema.TryGetProperty("anyOf", out var choices) ? choices.EnumerateArray() : [schema];
}
