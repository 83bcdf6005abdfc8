using System.Diagnostics;
using System.Text;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog.Format;

namespace Agents.Host.Tests.Catalog;

/// <summary>What stands in the text of a definition, and what is wrong with it.</summary>
public sealed class DefinitionReaderTests
{
    [Fact]
    public void Everything_that_a_definition_may_say_can_be_written()
    {
        var agent = Read.Good(
            """
            name: triage
            version: 3
            description: Sorts what comes in.
            model: fast/gpt-4o-mini
            limits: { costUsd: 0.50, duration: 3d12h, modelCallsPerStep: 6, approvalWithin: 2d }
            parameters: { temperature: 0.2, topP: 0.9, seed: 7, reasoningEffort: low, stop: ["END"], parallelToolCalls: false, cacheBreakpoints: true }
            fallback: { models: [careful/gpt-4o], attempts: 2, on: [unavailable, rateLimited] }
            atLimit: close
            steps:
              - name: plan
                instructions: |
                  One query a line.
                  Nothing else.
                tools: [search_documents, { tool: send_mail, approval: true }, { tool: subagent, agents: [librarian] }]
                output: { type: object, properties: { queries: { type: array, items: { type: string } } } }
                callTimeout: 20s
              - name: search
                when: output.plan.queries != null
                visits: 2
                next: search
                else: approval
                tool: search_documents
                with:
                  query: { item: text }
                  whole: { item: true }
                  sources: { label: sources }
                  first: { output: plan, path: "queries[0]" }
                  question: { question: true }
                  limit: 5
                forEach: { items: { output: plan, path: queries }, parallel: 2, failures: 1, most: 50 }
              - name: consult
                agent: librarian
                question: { output: plan }
                approval: true
              - name: score
                code: score_order
                with: { order: { text: "17" } }
              - name: approval
                wait: { signal: approved, for: 2d, until: "2026-12-01T00:00:00Z" }
              - name: pause
                wait: 90s
            """);

        Assert.Equal(("triage", 3, "fast/gpt-4o-mini", AtLimit.Close), (agent.Name, agent.Version, agent.Model, agent.AtLimit));
        Assert.Equal(new(6, CostUsd: 0.50m, Duration: TimeSpan.FromHours(84), ApprovalWithin: TimeSpan.FromDays(2)), agent.Limits);
        var wanted = new ModelParameters(0.2, 0.9, 7, ReasoningEffort.Low, ["END"], false, true);
        Assert.Equal(wanted with { Stop = null }, agent.Parameters! with { Stop = null });
        Assert.Equal(["END"], agent.Parameters!.Stop!);
        Assert.Equal([FailureKind.Unavailable, FailureKind.RateLimited], agent.Fallback!.On!);

        var plan = Assert.IsType<ModelStep>(agent.Steps[0]);
        Assert.Equal("One query a line.\nNothing else.\n", plan.Instructions);
        Assert.Equal(("send_mail", true), (plan.Tools![1].Tool, plan.Tools[1].NeedsApproval));
        Assert.Equal(["librarian"], plan.Tools[2].Agents!);
        Assert.Equal("""{"type":"object","properties":{"queries":{"type":"array","items":{"type":"string"}}}}""", plan.OutputSchema);
        Assert.Equal(TimeSpan.FromSeconds(20), plan.CallTimeout);

        var search = Assert.IsType<ToolStep>(agent.Steps[1]);
        Assert.Equal(
            ("output.plan.queries != null", 2, "search", "approval"), (search.When, search.Visits, search.Next, search.Else));
        Assert.Equal(new Argument.Item("text"), search.Arguments["query"]);
        Assert.Equal(new Argument.Item(), search.Arguments["whole"]);
        Assert.Equal(new Argument.Output("plan", "queries[0]"), search.Arguments["first"]);
        Assert.Equal(new Argument.Text("5"), search.Arguments["limit"]);
        Assert.Equal(new ForEach(new("plan", "queries"), 2, 1, 50), search.ForEach);

        var consult = Assert.IsType<ToolStep>(agent.Steps[2]);
        Assert.Equal((ChildOf.Tool, true), (consult.Tool.Tool, consult.Tool.NeedsApproval));
        Assert.Equal(new Argument.Text("librarian"), consult.Arguments["agent"]);
        Assert.Equal(new Argument.Output("plan"), consult.Arguments["question"]);
        Assert.Equal("score_order", Assert.IsType<ToolStep>(agent.Steps[3]).Tool.Tool);
        Assert.Equal(
            new WaitStep("approval", TimeSpan.FromDays(2), new Argument.Text("2026-12-01T00:00:00Z"), "approved"), agent.Steps[4]);
        Assert.Equal(new WaitStep("pause", TimeSpan.FromSeconds(90)), agent.Steps[5]);
    }

    [Fact]
    public void JSON_means_the_same_as_YAML()
    {
        var yaml = Read.Good("name: a\nlimits: { costUsd: 0.50 }\nsteps:\n  - name: s\n    instructions: \"Say \\u00e9.\"\n");
        var json = Read.Json("""{"name":"a","limits":{"costUsd":0.50,"duration":null},"steps":[{"name":"s","instructions":"Say \u00e9."}]}""");

        Assert.Empty(json.Mistakes);
        Assert.Equal(yaml.Hash(), json.Agent!.Hash());
    }

    [Fact]
    public void Every_mistake_is_named_with_line_column_path_and_reason()
    {
        var mistakes = Read.Mistakes(
            """
            name: No Name
            version: new
            limits: { duration: soon, attempts: [1] }
            modell: x
            parameters: { reasoningEffort: much }
            fallback: { models: careful/gpt-4o, on: [always] }
            steps:
              - name: a
                name: b
                instructions: A
              - name: c
                instructions: C
                tool: add
              - name: d
              - tool: add
                with: { left: { eachLine: a, output: a }, right: { path: x, label: l } }
                forEach: { items: constant, most: many }
              - just text
              - name: end
                wait: never
            """).ToList();

        Assert.Equal(
            [
                "1:7 name: A name has 1 to 64 of a-z, 0-9, dot, hyphen and underscore, and begins with a letter or digit.",
                "2:10 version: It is \"new\"; it must be a whole number.",
                "3:21 limits.duration: It is \"soon\"; it must be a duration, such as 90s, 30m, 1h30m, 2d or PT30M.",
                "3:37 limits.attempts: It is a list; it must be a whole number.",
                "4:1 modell: There is no such member here; there are: name, version, description, model, limits, parameters, fallback, atLimit, steps.",
                "5:32 parameters.reasoningEffort: It is \"much\"; it must be one of minimal, low, medium, high.",
                "6:21 fallback.models: It is \"careful/gpt-4o\"; it must be a list.",
            ],
            mistakes.Take(7));
        Assert.StartsWith("6:42 fallback.on[0]: It is \"always\"; it must be one of rateLimited, timeout,", mistakes[7], StringComparison.Ordinal);
        Assert.Equal(
            [
                "9:5 steps[0].name: The member name stands here twice.",
                "13:11 steps[1].tool: A step has one of instructions, tool, agent, code and wait.",
                "14:5 steps[2]: A step has one of instructions, tool, agent, code and wait.",
                "15:5 steps[3].name: The member name is missing.",
                "16:42 steps[3].with.left.output: A value comes from one of question, output, eachLine, label, text and item.",
                "16:62 steps[3].with.right.path: Only what comes from an output has a path; of an item it is the item.",
                "17:23 steps[3].forEach.items: The items come from the output of a step, such as { output: plan, path: queries }.",
                "17:39 steps[3].forEach.most: It is \"many\"; it must be a whole number.",
                "18:5 steps[4]: It is \"just text\"; it must be an object.",
                "20:11 steps[5].wait: It is \"never\"; it must be a duration, such as 90s, 30m, 1h30m, 2d or PT30M.",
            ],
            mistakes.Skip(8));
    }

    [Fact]
    public void What_the_rules_of_definitions_find_wrong_has_the_place_of_its_step()
    {
        var mistakes = Read.Mistakes(
            """
            name: a
            limits: { attempts: 0 }
            steps:
              - name: one
                instructions: One.
                callTimeout: 0s
              - name: two
                tool: add
                with: { left: { output: three } }
              - name: one
                instructions: Again.
            """).ToList();

        Assert.Contains("2:9 limits: Limits on calls, attempts, tokens, characters and passages count from 1.", mistakes);
        Assert.Contains("4:5 steps[0]: Step one gives its calls no time.", mistakes);
        Assert.Contains(mistakes, mistake => mistake.StartsWith("7:5 steps[1]: Step two reads three", StringComparison.Ordinal));
        Assert.Contains("10:5 steps[2]: Two steps are named one.", mistakes);
    }

    [Theory]
    [InlineData("  - { name: b, instructions: B, when: 'output.zz == 1' }", "5:39 steps[1].when: The condition of step b reads zz, ")]
    [InlineData("  - { name: b, instructions: B, when: 'visits.zz == 1' }", "5:39 steps[1].when: The condition of step b counts zz, ")]
    [InlineData("  - { name: end, instructions: B }", "5:13 steps[1].name: No step may be named end")]
    [InlineData("  - { name: a, instructions: B }", "5:5 steps[1]: Two steps are named a.")]
    [InlineData("  - { name: a b, instructions: B, next: zz }", "5:5 steps[1]: Step a b leads to zz, ")]
    [InlineData("  - { name: b, instructions: B, fallback: { models: [] } }", "5:43 steps[1].fallback: The fallback of step b needs 1 to ")]
    [InlineData("  - { name: b, instructions: B, parameters: { temperature: 5 } }", "5:5 steps[1]: Step b: A temperature is from 0 to 2.")]
    [InlineData("fallback: { models: [m, m] }", "5:11 fallback: The agent's fallback names m twice.")]
    [InlineData("parameters: { temperature: 5 }", "5:13 parameters: A temperature is from 0 to 2.")]
    [InlineData("limits: { costUsd: -1 }", "5:9 limits: A limit on cost may not be negative.")]
    [InlineData("  - { name: wait, wait: 1s }\natLimit: close", "6:10 atLimit: An agent that closes at its limit needs a model step.", "count_words")]
    public void Each_mistake_stands_in_the_line_of_its_part(string line, string mistake, string? code = null)
    {
        var first = code is null ? "{ name: a, instructions: A }" : $"{{ name: a, code: {code} }}";
        var told = Assert.Single(Read.Mistakes($"name: x\ndescription: d\nsteps:\n  - {first}\n{line}\n"));

        Assert.StartsWith(mistake, told, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("wait: -5s", "wait: It is \"-5s\"; it must be a duration")]
    [InlineData("wait: 100000000d", "wait: It is \"100000000d\"; it must be a duration")]
    [InlineData("wait: { for: soon }", "wait.for: It is \"soon\"; it must be a duration")]
    [InlineData("wait: [1h]", "wait: It is a list; it must be an object.")]
    public void What_cannot_be_read_of_a_wait_is_told_once(string wait, string mistake) =>
        Assert.Contains($"steps[0].{mistake}", Assert.Single(Read.Mistakes($"name: x\nsteps:\n  - name: a\n    {wait}\n")), StringComparison.Ordinal);

    [Theory]
    [InlineData("", "1:1 : There is nothing in it.")]
    [InlineData("# only a comment\n", "2:1 : There is nothing in it.")]
    [InlineData("just text", "1:1 : It is text; a definition is an object with a name and steps.")]
    [InlineData("name: a\nsteps: [\n", "3:1 : This is no YAML: ")]
    [InlineData("name: a\n---\nname: b\n", "2:1 : A second document begins here; a text has one definition.")]
    [InlineData("name: &x a\n", "1:7 : An anchor stands here; definitions have none.")]
    [InlineData("name: *x\n", "1:7 : An alias stands here; write the value itself.")]
    [InlineData("name: !!str a\n", "1:7 : A tag stands here; definitions have none.")]
    [InlineData("name: a\nsteps: []\n", "2:8 steps: An agent needs at least one step.")]
    [InlineData("name: a\nsteps: many\n", "2:8 steps: It is \"many\"; it must be a list.")]
    [InlineData("? [a, b]\n: c\n", "1:3 : The name of a member is text.")]
    [InlineData("name: a\nna\u0000me: b\n", "2:3 : A NUL stands here; text has none.")]
    [InlineData("name: \"a\\0\"\nsteps: [{ name: s, instructions: S }]\n", "1:7 name: It has a character that cannot be stored")]
    public void Text_that_is_no_definition_is_refused_where_it_is_wrong(string yaml, string mistake) =>
        Assert.StartsWith(mistake, Read.Mistakes(yaml).First(), StringComparison.Ordinal);

    [Theory]
    [InlineData("{\"name\":\"a\",}", "This is no JSON")]
    [InlineData("{\"name\":\"\\ud800\"}", "half of a surrogate pair")]
    [InlineData("{} {}", "This is no JSON")]
    public void JSON_that_is_none_is_refused(string json, string reason) =>
        Assert.Contains(reason, Read.Json(json).Mistakes[0].Reason, StringComparison.Ordinal);

    [Fact]
    public void What_is_not_UTF_8_is_refused_where_that_begins()
    {
        var text = Encoding.Latin1.GetBytes("name: a\ndescription: d\u00e9j\u00e0 vu\n");

        var mistake = Assert.Single(DefinitionReader.Read(text).Mistakes);

        Assert.Equal((2, 15), (mistake.Line, mistake.Column));
    }

    [Fact]
    public void Ten_megabytes_ten_thousand_steps_and_exploding_anchors_cost_nothing()
    {
        var watch = Stopwatch.StartNew();
        var bomb = string.Concat(Enumerable.Range(1, 9).Select(n =>
            $"l{n}: &l{n} [{string.Join(", ", Enumerable.Repeat(n == 1 ? "lol" : $"*l{n - 1}", 9))}]\n"));
        var deep = "name: " + new string('[', 500_000);
        var many = "name: a\nsteps:\n" + string.Concat(Enumerable.Range(0, 10_000).Select(n => $"  - {{ name: s{n}, instructions: S }}\n"));
        var wide = "{\"name\":[" + string.Join(',', Enumerable.Repeat("1", 500_000)) + "]}";

        Assert.Equal("The text has more than 1,048,576 bytes.", Read.Yaml(new string('a', 10_000_000)).Mistakes[0].Reason);
        Assert.Contains("anchor", Read.Yaml(bomb).Mistakes[0].Reason, StringComparison.Ordinal);
        Assert.Contains("32 deep", Read.Yaml(deep).Mistakes[0].Reason, StringComparison.Ordinal);
        Assert.Equal("An agent has at most 1,000 steps; here are 10,000.", Assert.Single(Read.Yaml(many).Mistakes).Reason);
        Assert.NotEmpty(Read.Json(wide).Mistakes);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void At_most_a_hundred_mistakes_are_told()
    {
        var yaml = "name: a\nsteps:\n" + string.Concat(Enumerable.Range(0, 900).Select(n => $"  - {{ name: s{n} }}\n"));

        Assert.Equal(100, Read.Yaml(yaml).Mistakes.Count);
    }

    [Fact]
    public void Whatever_is_done_to_a_text_the_reader_tells_what_is_wrong_and_never_fails()
    {
        var random = new Random(15);
        var good = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "docs", "samples", "agents", "research.yaml"));
        for (var round = 0; round < 3_000; round++)
        {
            var text = good.ToArray();
            for (var spoilt = random.Next(1, 6); spoilt > 0; spoilt--)
            {
                var odd = ":-[]{}#&*!|>'\"%@`,? \t\n\r\0\u0085~<="u8;
                text[random.Next(text.Length)] = random.Next(4) == 0 ? (byte)random.Next(256) : odd[random.Next(odd.Length)];
            }

            var cut = text.AsMemory(0, random.Next(3) == 0 ? random.Next(text.Length) : text.Length);
            foreach (var isJson in new[] { false, true })
                if (DefinitionReader.Read(cut, isJson) is { Agent: null } read) Assert.NotEmpty(read.Mistakes);
        }
    }

    [Theory]
    [InlineData("90s", 90)]
    [InlineData("1h30m", 5_400)]
    [InlineData("2d", 172_800)]
    [InlineData("1.5s", 1.5)]
    [InlineData("500ms", 0.5)]
    [InlineData("PT30M", 1_800)]
    [InlineData("P1DT2H", 93_600)]
    public void Durations_are_written_as_people_write_them(string text, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Durations.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("30")]
    [InlineData("m30")]
    [InlineData("1m1h")]
    [InlineData("-5s")]
    [InlineData("P1M")]
    [InlineData("P")]
    [InlineData("99999999999d")]
    [InlineData("999999999h")]
    public void What_is_no_duration_is_none(string text) => Assert.Null(Durations.Parse(text));
}
