using System.Diagnostics;
using System.Text;
using Agents.Domain.Definitions;
using Agents.Host.Models.Outputs;

namespace Agents.Host.Tests.Models;

/// <summary>Which schemas are taken, what outputs are held against them, and that neither costs more than it may, whoever wrote them.</summary>
public sealed class OutputSchemaTests
{
    const string Form =
        """
        {"type":"object","additionalProperties":false,"required":["days","kind"],
         "properties":{"days":{"type":"integer","minimum":0},"kind":{"enum":["paid","unpaid"]},"notes":{"type":"array","items":{"type":"string"}}}}
        """;

    [Theory]
    [InlineData("""{"days":30,"kind":"paid"}""", """{"days":30,"kind":"paid"}""")]
    [InlineData("  {\n \"days\" : 30,\n \"kind\":\"paid\", \"notes\":[ \"ä <b>\" ] }\n", """{"days":30,"kind":"paid","notes":["ä <b>"]}""")]
    [InlineData("```json\n{\"days\":1,\"kind\":\"paid\"}\n```", """{"days":1,"kind":"paid"}""")]
    [InlineData("```JSON\n{\"days\":1,\"kind\":\"paid\"}```", """{"days":1,"kind":"paid"}""")]
    [InlineData("\n```\n{\"days\":1,\"kind\":\"paid\"}\n```\n", """{"days":1,"kind":"paid"}""")]
    public void An_output_that_fits_is_kept_without_white_space_and_without_a_fence(string reply, string output)
    {
        var check = OutputCheck.Of(Form, reply);

        Assert.Equal(output, check.Json);
        Assert.Null(check.Problems);
    }

    [Theory]
    [InlineData("""{"days":-1,"kind":"paid"}""", "$.days: ")]
    [InlineData("""{"days":"30","kind":"paid"}""", "$.days: ")]
    [InlineData("""{"days":1,"kind":"other"}""", "$.kind: ")]
    [InlineData("""{"days":1}""", "$: ")]
    [InlineData("""{"days":1,"kind":"paid","more":1}""", "$.more: ")]
    [InlineData("""{"days":1,"kind":"paid","notes":["a",2]}""", "$.notes[1]: ")]
    [InlineData("[]", "$: ")]
    [InlineData("", "$: The reply is no JSON")]
    [InlineData("It is 30 days.", "$: The reply is no JSON")]
    [InlineData("""Here it is: {"days":1,"kind":"paid"}""", "$: The reply is no JSON")]
    [InlineData("""{"days":1,"kind":"paid"} I hope that helps.""", "$: The reply is no JSON")]
    [InlineData("""{"days":1,"kind":"paid",}""", "$: The reply is no JSON")]
    [InlineData("""{"days":1,"days":2,"kind":"paid"}""", "$: The reply is no JSON")]
    [InlineData("```python\n{\"days\":1,\"kind\":\"paid\"}\n```", "$: The reply is no JSON")]
    [InlineData("""{"days":1,"kind":"paid","notes":["\u0000"]}""", "$: A text in it has a character that cannot be stored")]
    public void An_output_that_does_not_fit_is_told_with_its_place_and_nothing_is_repaired(string reply, string beginning)
    {
        var check = OutputCheck.Of(Form, reply);

        Assert.Null(check.Json);
        Assert.Contains(check.Problems!, problem => problem.StartsWith(beginning, StringComparison.Ordinal));
    }

    [Fact]
    public void Half_of_a_surrogate_pair_fits_nothing() =>
        Assert.NotNull(OutputCheck.Of(Form, """{"days":1,"kind":"paid","notes":["\ud800"]}""").Problems);

    [Fact]
    public void At_most_eight_problems_are_told_each_of_a_bounded_length()
    {
        var schema = """{"type":"object","additionalProperties":{"type":"string"}}""";
        var reply = "{" + string.Join(',', Enumerable.Range(0, 50).Select(n => $"\"{n}{new string('n', 1000)}\":1")) + "}";

        var problems = OutputCheck.Of(schema, reply).Problems!;

        Assert.Equal(ModelWishes.MostProblems, problems.Count);
        Assert.All(problems, problem => Assert.InRange(problem.Length, 1, ModelWishes.ProblemCharacters));
    }

    [Fact]
    public void Numbers_of_passages_are_looked_for_in_the_texts_only() =>
        Assert.Equal("text\nSo it is [2].\nids", OutputCheck.Of("{}", """{"text":"So it is [2].","ids":[1]}""").Words);

    [Theory]
    [InlineData("""{"$ref":"#/$defs/days","$defs":{"days":{"type":"integer"}}}""", "1", "\"a\"")]
    [InlineData("""{"$ref":"#/definitions/days","definitions":{"days":{"type":"integer"}}}""", "1", "\"a\"")]
    [InlineData("""{"type":"object","properties":{"next":{"$ref":"#"}},"required":["value"]}""", """{"value":1,"next":{"value":2}}""",
        """{"value":1,"next":{}}""")]
    [InlineData("""{"anyOf":[{"type":"string","pattern":"^a+$"},{"type":"null"}]}""", "\"aa\"", "\"b\"")]
    [InlineData("""{"type":"array","uniqueItems":true,"minItems":1,"contains":{"const":1}}""", "[1,2]", "[1,1]")]
    [InlineData("""{"type":"object","unevaluatedProperties":false,"allOf":[{"properties":{"a":true}}]}""", """{"a":1}""", """{"b":1}""")]
    [InlineData("""{"if":{"properties":{"a":{"const":1}},"required":["a"]},"then":{"required":["b"]}}""", """{"a":2}""", """{"a":1}""")]
    [InlineData("""{"type":"array","prefixItems":[{"type":"integer"}],"items":false}""", "[1]", "[1,2]")]
    [InlineData("""{"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"https://example.com/form","type":"object"}""", "{}", "[]")]
    [InlineData("""{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}""", "{}", "1")]
    [InlineData("""{"type":"string","format":"date","title":"A day","x-own":{"any":"thing"}}""", "\"no day\"", "1")]
    [InlineData("true", "1", null)]
    public void Draft_2020_12_is_understood(string schema, string fits, string? unfit)
    {
        Assert.Null(OutputSchema.Read(schema).Problem);
        Assert.Null(OutputCheck.Of(schema, fits).Problems);
        if (unfit is not null) Assert.NotNull(OutputCheck.Of(schema, unfit).Problems);
    }

    [Theory]
    [InlineData("", "no JSON")]
    [InlineData("{", "no JSON")]
    [InlineData("""{"type":"object","type":"array"}""", "no JSON")]
    [InlineData("3", "A schema is a JSON object.")]
    [InlineData("[]", "A schema is a JSON object.")]
    [InlineData("""{"type":5}""", "no JSON Schema")]
    [InlineData("""{"properties":{"a":3}}""", "no JSON Schema")]
    [InlineData("""{"minLength":-1}""", "no JSON Schema")]
    [InlineData("""{"pattern":"("}""", "no JSON Schema")]
    [InlineData("""{"$ref":"https://example.com/schema"}""", "outside itself")]
    [InlineData("""{"properties":{"a":{"$ref":"other.json#/a"}}}""", "outside itself")]
    [InlineData("""{"$ref":"#/$defs/none"}""", "where it has no schema")]
    [InlineData("""{"$dynamicRef":"#a"}""", "$dynamicRef cannot be used")]
    [InlineData("""{"patternProperties":{"^(a+)+$":true}}""", "patternProperties cannot be used")]
    [InlineData("""{"$ref":"#/x","x":{"patternProperties":{"^(a+)+$":true}}}""", "patternProperties cannot be used")]
    [InlineData("""{"items":[{"type":"string"}]}""", "prefixItems")]
    [InlineData("""{"properties":{"a":{"$id":"https://example.com/a"}}}""", "Only the whole schema may have an $id")]
    public void A_schema_that_is_none_or_reaches_outside_is_refused_with_its_reason(string schema, string reason) =>
        Assert.Contains(reason, OutputSchema.Read(schema).Problem, StringComparison.Ordinal);

    [Theory]
    [InlineData("false", "$ is false")]
    [InlineData("""{"type":"object","required":["a"],"properties":{"a":false}}""", "$.a is false")]
    [InlineData("""{"enum":[]}""", "the enum of $ is empty")]
    [InlineData("""{"type":"string","enum":[1,2]}""", "no value that $ may have is of its type")]
    [InlineData("""{"const":3,"enum":[1,2]}""", "the const of $ is not in its enum")]
    [InlineData("""{"type":"integer","minimum":5,"maximum":4}""", "minimum is above maximum in $")]
    [InlineData("""{"type":"string","minLength":5,"maxLength":4}""", "minLength is above maxLength in $")]
    [InlineData("""{"type":"object","additionalProperties":false,"required":["a"],"properties":{"b":true}}""", "$ needs a, and may not have it")]
    [InlineData("""{"type":"object","required":["a"],"properties":{"a":{"$ref":"#/$defs/a"}},"$defs":{"a":{"type":"string","enum":[1]}}}""", "$.a")]
    [InlineData("""{"type":"object","required":["next"],"properties":{"next":{"$ref":"#"}}}""", "needs itself, without an end")]
    [InlineData("""{"type":"array","minItems":1,"items":false}""", "$[0] is false")]
    [InlineData("""{"anyOf":[false,{"enum":[]}]}""", "$ is false")]
    [InlineData("""{"not":{}}""", "must not be anything")]
    public void A_schema_that_no_model_can_meet_is_refused_where_it_can_be_seen(string schema, string reason)
    {
        var problem = OutputSchema.Read(schema).Problem;

        Assert.StartsWith("No output can fit it: ", problem, StringComparison.Ordinal);
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_schema_that_is_too_long_or_holds_too_much_is_refused_with_its_size()
    {
        Assert.Contains("65,537", OutputSchema.Read(new(' ', 65_537)).Problem, StringComparison.Ordinal);
        Assert.Contains(
            "values", OutputSchema.Read($$"""{"enum":[{{string.Join(',', Enumerable.Range(0, 5_000))}}]}""").Problem, StringComparison.Ordinal);
    }

    public static TheoryData<string> Hostile => [.. HostileSchemas().Select(one => one.Name)];

    /// <summary>Reading it and holding the longest reply there can be against it ends soon, with or without a verdict.</summary>
    [Theory, MemberData(nameof(Hostile))]
    public void A_hostile_schema_costs_bounded_time(string name)
    {
        var (_, schema, reply) = HostileSchemas().Single(one => one.Name == name);
        var clock = Stopwatch.StartNew();

        var (read, problem) = OutputSchema.Read(schema);
        if (problem is null)
        {
            Assert.NotNull(read);
            OutputCheck.Of(schema, reply);
        }

        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 20); // of which one second is meant, and the rest is a busy machine's
    }

    [Theory]
    [InlineData("a circle", "refers to itself without an end")]
    [InlineData("a circle over all branches", "refers to itself without an end")]
    [InlineData("a long chain", "applied to one value")]
    [InlineData("too deep", "no JSON")]
    public void What_could_never_end_is_refused_at_once(string name, string reason) =>
        Assert.Contains(reason, OutputSchema.Read(HostileSchemas().Single(one => one.Name == name).Schema).Problem, StringComparison.Ordinal);

    [Theory]
    [InlineData("an expression that explodes")]
    [InlineData("branches that double at each level")]
    public void What_takes_too_long_is_a_problem_of_the_output(string name)
    {
        var (_, schema, reply) = HostileSchemas().Single(one => one.Name == name);

        Assert.Null(OutputSchema.Read(schema).Problem);
        Assert.Contains("in the time there is", Assert.Single(OutputCheck.Of(schema, reply).Problems!), StringComparison.Ordinal);
    }

    [Fact]
    public void An_output_that_is_too_large_for_its_schema_is_told_so()
    {
        var reply = $"[{string.Join(',', Enumerable.Range(0, 30_000))}]";

        var problems = OutputCheck.Of("""{"type":"array","uniqueItems":true}""", reply).Problems!;
        Assert.Contains("too large", Assert.Single(problems), StringComparison.Ordinal);
        Assert.Null(OutputCheck.Of("""{"type":"array"}""", reply).Problems);
    }

    [Theory]
    [InlineData("""{"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":{"type":"string"}}}""", true, true)]
    [InlineData("""{"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":{"type":"string","pattern":"^a"}}}""",
        true, false)]
    [InlineData("""{"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":{"anyOf":[{"$ref":"#"},{"type":"null"}]}}}""",
        true, false)]
    [InlineData("""{"type":"object","required":["a"],"properties":{"a":{"type":"string"}}}""", false, false)]
    [InlineData("""{"type":"object","additionalProperties":false,"required":[],"properties":{"a":{"type":"string"}}}""", false, false)]
    [InlineData("""{"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":{"type":"object"}}}""", false, false)]
    [InlineData("""{"type":"array","items":{"type":"string"}}""", false, false)]
    public void A_provider_keeps_its_models_to_schemas_that_are_closed(string schema, bool suitsOpenAI, bool suitsAnthropic)
    {
        var read = OutputSchema.Read(schema).Schema!;

        Assert.Equal((suitsOpenAI, suitsAnthropic), (read.SuitsOpenAI, read.SuitsAnthropic));
    }

    /// <summary>Each with the reply that costs it most.</summary>
    static IEnumerable<(string Name, string Schema, string Reply)> HostileSchemas()
    {
        yield return ("a circle", """{"$ref":"#"}""", "{}");
        yield return ("a circle over all branches", """{"allOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"anyOf":[{"not":{"$ref":"#"}}]}}}""", "{}");
        yield return ("a long chain", Chain(2_000, last: "true"), "{}");
        yield return ("references that double", Doubling(30), "{}");
        yield return ("too deep", string.Concat(Enumerable.Repeat("""{"not":""", 5_000)) + "{}" + new string('}', 5_000), "{}");
        yield return ("an expression that explodes", """{"type":"string","pattern":"^(a+)+$"}""", $"\"{new string('a', 50)}b\"");
        yield return (
            "many expressions", Properties(300, """{"type":"string","pattern":"^(x+x+)+y$"}"""), Values(300, $"\"{new string('x', 500)}\""));
        yield return ("branches that double at each level",
            """{"anyOf":[{"properties":{"a":{"$ref":"#"}},"required":["b"]},{"properties":{"a":{"$ref":"#"}},"required":["c"]}]}""",
            string.Concat(Enumerable.Repeat("""{"a":""", 30)) + "1" + new string('}', 30));
        yield return ("the largest there is against the largest there is", Properties(1_000, """{"enum":[1,2]}"""), Values(20_000, "3"));
        yield return ("a huge enum", $$$"""{"type":"array","items":{"enum":[{{{string.Join(',', Enumerable.Range(0, 4_900))}}}]}}""",
            $"[{string.Join(',', Enumerable.Repeat("\"x\"", 40_000))}]");
        yield return ("circles where no keyword leads", """{"$ref":"#/x/a","x":{"a":{"properties":{"p":{"$ref":"#/x/b"}}},"b":{"$ref":"#/x/b"}}}""",
            """{"p":1}""");
        yield return ("garbage", new('[', 60_000), "{}");
    }

    static string Chain(int length, string last)
    {
        var schema = new StringBuilder("""{"$ref":"#/$defs/n0","$defs":{""");
        for (var n = 0; n < length; n++) schema.Append($$"""
            "n{{n}}":{"$ref":"#/$defs/n{{n + 1}}"},
            """);
        return schema.Append($"\"n{length}\":{last}}}}}").ToString();
    }

    static string Doubling(int levels)
    {
        var schema = new StringBuilder("""{"$ref":"#/$defs/n0","$defs":{""");
        for (var n = 0; n < levels; n++) schema.Append($$"""
            "n{{n}}":{"allOf":[{"$ref":"#/$defs/n{{n + 1}}"},{"$ref":"#/$defs/n{{n + 1}}"}]},
            """);
        return schema.Append($"\"n{levels}\":true}}}}").ToString();
    }

    static string Properties(int count, string each) =>
        """{"type":"object","properties":""" + Values(count, each) + "}";

    static string Values(int count, string each) => $"{{{string.Join(',', Enumerable.Range(0, count).Select(n => $"\"p{n}\":{each}"))}}}";
}
