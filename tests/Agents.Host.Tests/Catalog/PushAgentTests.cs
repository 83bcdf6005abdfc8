using System.Net;
using System.Text;
using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Microsoft.Extensions.DependencyInjection;

namespace Agents.Host.Tests.Catalog;

/// <summary>Agents that are pushed over HTTP: versions, aliases, trials and roll back.</summary>
public sealed class PushAgentTests(App app)
{
    [Fact]
    public async Task A_pushed_agent_answers_at_once_and_its_runs_name_version_and_definition()
    {
        var pushed = await Push("greeter", Talker("greeter", "Greet."), 201);
        app.Model.Says("Who greets?", "Hello.");

        var run = await app.Finished(await app.Queue("Who greets?", "greeter"));

        Assert.Equal("Hello.", run.GetProperty("answer").GetString());
        Assert.Equal((1, true, "live"), (
            pushed.GetProperty("version").GetInt32(), pushed.GetProperty("isMoved").GetBoolean(), pushed.GetProperty("alias").GetString()));
        var queued = (await app.Facts(run.GetProperty("id").GetGuid())).OfType<RunQueued>().Single();
        Assert.Equal(("greeter", 1, pushed.GetProperty("hash").GetString()), (queued.Agent, queued.AgentVersion, queued.DefinitionHash));
        var view = await app.Get("/agents/greeter");
        Assert.Equal("all", view.GetProperty("source").GetString()); // the caller of a server without keys is the platform
        Assert.Equal(1, view.GetProperty("aliases").GetProperty("live").GetInt32());
        Assert.Contains("greeter", (await app.Get("/v1/models")).GetProperty("data").EnumerateArray().Select(one => one.GetProperty("id").GetString()));
        Assert.Equal("greeter@1", (await app.Get("/v1/models/greeter@1")).GetProperty("id").GetString());
        var version = (await app.Get("/agents/greeter/versions")).GetProperty("items")[0];
        Assert.Equal((1, 1), (version.GetProperty("outcome").GetProperty("runs").GetInt32(), version.GetProperty("outcome").GetProperty("completed").GetInt32()));
        Assert.True(version.GetProperty("outcome").GetProperty("p50Seconds").GetDouble() > 0);
    }

    [Fact]
    public async Task The_same_content_again_changes_nothing_and_what_is_shown_can_be_pushed()
    {
        await Push("same", Talker("same", "One."), 201);
        await Push("same", Talker("same", "Two."), 201);

        var again = await Push("same", Talker("same", "Two."), 200);
        var shown = await Push("same", await Yaml("/agents/same/versions/2"), 200);
        using var json = await Send(HttpMethod.Put, "/agents/same", (await app.Get("/agents/same/versions/2")).GetProperty("definition").GetRawText(), "application/json");

        Assert.Equal((2, false, false), (again.GetProperty("version").GetInt32(), again.GetProperty("isNew").GetBoolean(), again.GetProperty("isMoved").GetBoolean()));
        Assert.Equal(2, shown.GetProperty("version").GetInt32());
        Assert.Equal(HttpStatusCode.OK, json.StatusCode);
        Assert.Equal(2, (await app.Get("/agents/same/versions")).GetProperty("items").GetArrayLength());
        Assert.Equal(2, (await app.Get("/agents/same")).GetProperty("changes").GetArrayLength());
    }

    [Theory]
    [InlineData("tool: search_documents", "search_documents no query, without which it cannot run.")]
    [InlineData("tool: search_documents, with: { qery: x }", "search_documents an argument qery, which it does not take; it takes query, sources.")]
    [InlineData("tool: search_documents, with: { query: x, limit: 5 }", "search_documents an argument limit, which it does not take; it takes query, sources.")]
    [InlineData("code: count_words, with: { words: x }", "count_words an argument words, which it does not take; it takes text.")]
    [InlineData("tool: subagent, with: { question: x }", "subagent no agent, without which it cannot run.")]
    public async Task Arguments_that_the_tool_does_not_take_or_lacks_are_named(string step, string problem) =>
        Assert.Contains($"steps[0] Step one gives {problem}", await Mistakes($"  - {{ name: one, {step} }}"));

    async Task<IEnumerable<string>> Mistakes(string step) =>
        (await Push("wrong", $"name: wrong\nsteps:\n{step}\n", 400)).GetProperty("errors").EnumerateArray()
        .Select(error => $"{error.GetProperty("path").GetString()} {error.GetProperty("reason").GetString()}");

    [Fact]
    public async Task The_mistakes_of_a_definition_are_told_with_line_column_and_reason()
    {
        var refused = await Push(
            "wrong",
            """
            name: wrong
            steps:
              - name: ask
                instructions: Ask.
                tools: [no_such_tool, { tool: subagent, agents: [nobody] }]
              - name: two
                tool: add
                wiht: {}
            """, 400);

        Assert.Equal("Bad definition", refused.GetProperty("title").GetString());
        Assert.Equal(
            [
                "3 steps[0] Step ask may use no_such_tool, but no tool is named so.",
                "3 steps[0] Step ask may ask nobody, but no agent is named so.",
                "6 steps[1] Step two gives add no left, without which it cannot run.",
                "8 steps[1].wiht There is no such member here; there are: name, when, next, else, visits, callTimeout, tool, with, forEach, approval.",
            ],
            refused.GetProperty("errors").EnumerateArray().Select(error =>
                $"{error.GetProperty("line").GetInt32()} {error.GetProperty("path").GetString()} {error.GetProperty("reason").GetString()}"));
        await app.Get("/agents/wrong", 404);
        Assert.Equal(
            ["steps[0].output The schema of step ask cannot be used. No output can fit it: $ is false."],
            await Mistakes("  - { name: ask, instructions: Ask., output: false }"));
        Assert.Equal("Bad definition", (await Push("other", Talker("wrong", "x"), 400)).GetProperty("title").GetString());
    }

    [Theory]
    [InlineData("/agents/bad?alias=3", 400, "Bad alias")]
    [InlineData("/agents/bad?alias=No%20Alias", 400, "Bad alias")]
    [InlineData("/agents/bad?scope=world", 400, "Bad scope")]
    [InlineData("/agents/bad?expectedVersion=7", 409, "Another version meanwhile")]
    public async Task What_makes_no_sense_is_refused(string url, int status, string title)
    {
        using var answer = await Send(HttpMethod.Put, url, Talker("bad", "x"));

        Assert.Equal((status, title), ((int)answer.StatusCode, (await Json(answer)).GetProperty("title").GetString()));
    }

    [Fact]
    public async Task Ten_megabytes_are_refused_unread_and_what_is_no_text_with_its_place()
    {
        using var large = await Send(HttpMethod.Put, "/agents/large", new string('#', 10_000_000));
        using var latin = await Send(HttpMethod.Put, "/agents/latin", Encoding.Latin1.GetBytes("name: latin\ndescription: d\u00e9j\u00e0\n"), "application/yaml");
        using var nul = await Send(HttpMethod.Put, "/agents/nul", "name: nul\n\0");

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);
        Assert.Equal((400, 2), ((int)latin.StatusCode, (await Json(latin)).GetProperty("errors")[0].GetProperty("line").GetInt32()));
        Assert.Equal((400, 2), ((int)nul.StatusCode, (await Json(nul)).GetProperty("errors")[0].GetProperty("line").GetInt32()));
    }

    [Fact]
    public async Task Versions_that_are_pushed_at_once_all_get_a_number()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Push("crowd", Talker("crowd", $"Say {n}."), 201)));

        Assert.Equal(Enumerable.Range(1, 8), answers.Select(answer => answer.GetProperty("version").GetInt32()).Order());
        Assert.Equal(8, (await app.Get("/agents/crowd/versions")).GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task An_author_who_does_not_know_of_the_newest_version_is_told()
    {
        await Push("known", Talker("known", "One."), 201);

        using var stale = await Send(HttpMethod.Put, "/agents/known", Talker("known", "Two."), match: "\"0\"");
        using var odd = await Send(HttpMethod.Put, "/agents/known", Talker("known", "Two."), match: "\"new\"");
        using var good = await Send(HttpMethod.Put, "/agents/known", Talker("known", "Two."), match: "\"1\"");

        Assert.Equal(HttpStatusCode.PreconditionFailed, stale.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, odd.StatusCode);
        Assert.Equal((HttpStatusCode.Created, "\"2\""), (good.StatusCode, good.Headers.ETag!.Tag));
        await Push("known", "version: 1\n" + Talker("known", "Three."), 409);
        Assert.Equal(9, (await Push("known", "version: 9\n" + Talker("known", "Three."), 201)).GetProperty("version").GetInt32());
    }

    [Fact]
    public async Task A_dry_run_says_what_would_be_and_writes_nothing()
    {
        using var dry = await Send(HttpMethod.Put, "/agents/dry?dryRun=true", Talker("dry", "One."));

        var said = await Json(dry);
        Assert.Equal((HttpStatusCode.OK, 1, true), (dry.StatusCode, said.GetProperty("version").GetInt32(), said.GetProperty("isNew").GetBoolean()));
        await app.Get("/agents/dry", 404);
        await app.Get("/agents/dry/versions", 404);
    }

    [Fact]
    public async Task A_run_may_name_a_version_or_an_alias()
    {
        await Push("exact", Talker("exact", "One."), 201);
        await Push("exact?alias=canary", Talker("exact", "Two."), 201);
        await Push("exact?alias=none", Talker("exact", "Three."), 201);

        Assert.Equal(1, await VersionOf("exact"));
        Assert.Equal(1, await VersionOf("exact@live"));
        Assert.Equal(2, await VersionOf("exact@canary"));
        Assert.Equal(3, await VersionOf("exact@3"));
        var unknown = await app.Post("/runs", App.Body("Who?", "exact@9"), 404);
        Assert.Equal("exact has no version 9. GET /agents/exact/versions lists what there is.", unknown.GetProperty("detail").GetString());
        Assert.Contains("no alias old", (await app.Post("/runs", App.Body("Who?", "exact@old"), 404)).GetProperty("detail").GetString(), StringComparison.Ordinal);
        await Change(HttpMethod.Put, "exact/aliases/canary", new { version = 9 }, 404);
        await Change(HttpMethod.Put, "exact/aliases/12", new { version = 1 }, 400);
        await Change(HttpMethod.Put, "exact/aliases/old", new { }, 400);
        await Change(HttpMethod.Put, "exact/aliases/old", new { version = 1 }, 200);
        Assert.Equal(1, await VersionOf("exact@old"));
        await Change(HttpMethod.Delete, "exact/aliases/old", null, 204);
        await Change(HttpMethod.Delete, "exact/aliases/old", null, 404);
        var batch = await app.Post("/runs/batch", new { items = new[] { App.Body("In a batch?", "exact@2"), App.Body("In a batch?", "exact@9") } }, 202);
        Assert.Equal(["queued", "refused"], batch.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("status").GetString()));
    }

    [Fact]
    public async Task A_tenants_own_comes_before_that_for_all_and_that_before_the_programs()
    {
        await Push("shadowed?scope=all", Talker("shadowed", "For all."), 201);
        Assert.Equal(2, await VersionOf("shadowed")); // the program's is version 1
        await Push("shadowed?scope=tenant", Talker("shadowed", "For the tenant."), 201);
        Assert.Equal((3, "tenant"), (await VersionOf("shadowed"), await SourceOf("shadowed")));
        Assert.Equal(1, await VersionOf("shadowed@1"));

        Assert.True((await Change(HttpMethod.Post, "shadowed/rollback?scope=tenant", new { }, 200)).GetProperty("to").ValueKind is JsonValueKind.Null);
        Assert.Equal((2, "all"), (await VersionOf("shadowed"), await SourceOf("shadowed")));
        await Change(HttpMethod.Post, "shadowed/rollback?scope=all", new { }, 200);
        Assert.Equal((1, "builtIn"), (await VersionOf("shadowed"), await SourceOf("shadowed")));
        await Change(HttpMethod.Post, "shadowed/rollback?scope=all", new { }, 404);
    }

    [Fact]
    public async Task Rolled_back_again_and_again_it_goes_further_back()
    {
        foreach (var word in new[] { "One", "Two", "Three" }) await Push("steps-back", Talker("steps-back", $"{word}."), 201);

        Assert.Equal((3, 2), await RollBack("steps-back"));
        Assert.Equal((2, 1), await RollBack("steps-back"));
        await Change(HttpMethod.Post, "steps-back/rollback", new { }, 409); // nothing would be left
        Assert.Equal(1, await VersionOf("steps-back"));
    }

    [Fact]
    public async Task Rolling_back_undoes_a_version_that_was_live_twice_only_as_often_as_it_was_put_there()
    {
        foreach (var word in new[] { "One", "Two" }) await Push("there-and-back", Talker("there-and-back", $"{word}."), 201);
        await Change(HttpMethod.Put, "there-and-back/aliases/live", new { version = 1 }, 200);

        Assert.Equal((1, 2), await RollBack("there-and-back"));
        Assert.Equal((2, 1), await RollBack("there-and-back"));
        await Change(HttpMethod.Post, "there-and-back/rollback", new { }, 409);
    }

    [Fact]
    public async Task A_trial_takes_its_share_of_a_thousand_new_runs_and_is_rolled_back_at_once()
    {
        await Push("tried", Talker("tried", "One."), 201);
        var waiting = await app.Queue("Keep yours?", "tried", new { notBefore = DateTimeOffset.UtcNow.AddDays(1) });
        await Push("tried?alias=none", Talker("tried", "Two."), 201);
        await Change(HttpMethod.Put, "tried/trial", new { version = 2, percent = 20 }, 200);

        var agents = app.Host.Services.GetRequiredService<AgentCatalog>();
        var asked = await agents.Find("default", "tried", CancellationToken.None);
        var ids = Enumerable.Range(0, 1_000).Select(_ => Guid.CreateVersion7()).ToList();
        var taken = ids.Count(id => asked.For(id).Agent.Version == 2);
        Assert.InRange(taken, 137, 263); // 200 and five standard deviations of 12.65
        Assert.All(ids, id => Assert.Equal(asked.For(id), asked.For(id)));
        Assert.Equal(1, (await agents.Find("default", "tried@live", CancellationToken.None)).For(ids[0]).Agent.Version);
        Assert.Equal((2, 20), (
            (await app.Get("/agents/tried")).GetProperty("trial").GetProperty("version").GetInt32(),
            (await app.Get("/agents/tried")).GetProperty("trial").GetProperty("percent").GetInt32()));

        await Change(HttpMethod.Put, "tried/trial", new { version = 2, percent = 100 }, 200);
        Assert.Equal(2, await VersionOf("tried"));
        Assert.True((await Change(HttpMethod.Post, "tried/rollback", new { }, 200)).GetProperty("trialEnded").GetBoolean());
        Assert.Equal(1, await VersionOf("tried"));
        Assert.Equal(1, (await app.Facts(waiting)).OfType<RunQueued>().Single().AgentVersion);
        await app.Post($"/runs/{waiting}/cancel", null, 200);
        await Change(HttpMethod.Delete, "tried/trial", null, 404);
        await Change(HttpMethod.Put, "tried/trial", new { version = 2, percent = 101 }, 400);
        await Change(HttpMethod.Put, "tried/trial", new { version = 9, percent = 5 }, 404);
    }

    [Fact]
    public async Task What_a_run_asks_for_must_fit_a_version_on_trial_too()
    {
        await Push("fitting", Talker("fitting", "One."), 201);
        const string Count = "  - name: count\n    tool: count_words\n    with: { text: { output: talk } }\n";
        await Push("fitting?alias=none", Talker("fitting", "Two.") + Count, 201);
        var wish = new { output = new { schema = new { type = "object" } }, notBefore = DateTimeOffset.UtcNow.AddDays(1) };
        var run = App.Body("Fits?", "fitting", wish);
        var queued = await app.Post("/runs", run, 202);
        await app.Post($"/runs/{queued.GetProperty("id").GetGuid()}/cancel", null, 200);

        await Change(HttpMethod.Put, "fitting/trial", new { version = 2, percent = 1 }, 200);

        var problem = await app.Post("/runs", run, 400);
        Assert.Equal(
            ("No model to fit it", "A run of fitting may end with step count, which asks no model: its answer fits no schema."),
            (problem.GetProperty("title").GetString(), problem.GetProperty("detail").GetString()));
        var asked = new { model = "fitting", input = "Fits?", text = new { format = new { type = "json_object" } } };
        var response = await app.Post("/v1/responses", asked, 400);
        Assert.Equal("invalid_json_schema", response.GetProperty("error").GetProperty("code").GetString());
        await app.Post("/runs", App.Body("Fits?", "fitting@live", wish), 202);
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0.5, 1, 11)]
    [InlineData(5, 30, 75)]
    [InlineData(100, 1000, 1000)]
    public void Shares_are_kept_to_a_fraction_of_a_percent(double percent, int least, int most)
    {
        var random = new Random(20);
        var ids = Enumerable.Range(0, 1_000).Select(_ =>
        {
            var bytes = new byte[16];
            random.NextBytes(bytes);
            return new Guid(bytes);
        });

        Assert.InRange(ids.Count(id => AskedAgent.ShareOf(id, new string('a', 64)) < (decimal)percent), least, most);
    }

    [Fact]
    public async Task Another_node_knows_within_a_second()
    {
        var database = app.Database;
        using var elsewhere = new PublishedAgents(database);
        Assert.Empty((await elsewhere.Of("default", CancellationToken.None)).Layers("news"));

        await Push("news", Talker("news", "One."), 201);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await App.Until("the other node knows", async () => (await elsewhere.Of("default", CancellationToken.None)).Layers("news").Count > 0);

        Assert.InRange(watch.Elapsed, TimeSpan.Zero, PublishedAgents.Every + TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task An_agent_asks_a_pushed_one()
    {
        await Push("helper", Talker("helper", "Help."), 201);
        await Push("helper", Talker("helper", "Help well."), 201);
        await Push("chief", "name: chief\nsteps:\n  - name: work\n    instructions: Do it.\n    tools: [{ tool: subagent, agents: [helper] }]\n", 201);
        app.Model.Says("Who helps the chief?", ("subagent", new { agent = "helper@1", question = "Help?" }),
            ("subagent", new { agent = "helper", question = "Help the chief?" }), "Done.");
        app.Model.Says("Help the chief?", "Helped.");

        var id = await app.Queue("Who helps the chief?", "chief");

        Assert.Equal("Done.", (await app.Finished(id)).GetProperty("answer").GetString());
        var child = Assert.Single((await app.Get($"/runs/{id}/children")).GetProperty("items").EnumerateArray());
        Assert.Equal(("helper", 2), (child.GetProperty("agent").GetString(), child.GetProperty("agentVersion").GetInt32()));
        Assert.Contains("No agent is named \"helper@1\".", (await app.Facts(id)).OfType<ToolCallFailed>().Single().Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Responses_and_schedules_ask_pushed_agents_by_any_of_their_names()
    {
        await Push("many-ways", Talker("many-ways", "One."), 201);
        await Push("many-ways?alias=canary", Talker("many-ways", "Two."), 201);

        var response = await app.Post("/v1/responses", new { model = "many-ways@canary", input = "By a response?", background = true }, 200);
        Assert.Equal("many-ways", response.GetProperty("model").GetString()![.."many-ways".Length]);
        await app.Post("/v1/responses", new { model = "many-ways@old", input = "By a response?", background = true }, 404);
        await app.Post("/schedules", new { name = "many-ways", cron = "0 0 1 1 *", run = new { agent = "many-ways@2", question = "By a schedule?" } }, 201);
        await app.Post("/schedules", new { name = "no-ways", cron = "0 0 1 1 *", run = new { agent = "many-ways@9", question = "By a schedule?" } }, 404);
        var scheduled = (await app.Post("/schedules/many-ways/run", null, 202)).GetProperty("id").GetGuid();

        Assert.Equal(2, (await app.Facts(scheduled)).OfType<RunQueued>().Single().AgentVersion);
        var asked = await app.Scalar<int>("select agent_version from agents.run_summary where question = 'By a response?'");
        Assert.Equal(2, asked);
        await Change(HttpMethod.Delete, "../schedules/many-ways", null, 204);
    }

    [Fact]
    public async Task The_schema_is_served_to_whoever_asks() =>
        Assert.Equal("Agent", (await app.Get("/schemas/agent.json")).GetProperty("title").GetString());

    static string Talker(string name, string instructions) => $"name: {name}\nsteps:\n  - name: talk\n    instructions: {instructions}\n";

    async Task<int> VersionOf(string agent)
    {
        var id = await app.Queue("Which version?", agent, new { notBefore = DateTimeOffset.UtcNow.AddDays(1) });
        var version = (await app.Facts(id)).OfType<RunQueued>().Single().AgentVersion;
        await app.Post($"/runs/{id}/cancel", null, 200);
        return version;
    }

    async Task<string?> SourceOf(string agent) => (await app.Get($"/agents/{agent}")).GetProperty("source").GetString();

    async Task<(int From, int To)> RollBack(string agent)
    {
        var done = await Change(HttpMethod.Post, $"{agent}/rollback", new { }, 200);
        return (done.GetProperty("from").GetInt32(), done.GetProperty("to").GetInt32());
    }

    async Task<string> Yaml(string url)
    {
        using var client = app.Client();
        client.DefaultRequestHeaders.Accept.ParseAdd("application/yaml");
        return await client.GetStringAsync(new Uri(url, UriKind.Relative));
    }

    async Task<JsonElement> Push(string agent, string yaml, int status)
    {
        using var answer = await Send(HttpMethod.Put, $"/agents/{agent}", yaml);
        var said = await Json(answer);
        Assert.True((int)answer.StatusCode == status, $"{answer.StatusCode}: {said}");
        return said;
    }

    async Task<JsonElement> Change(HttpMethod method, string what, object? body, int status)
    {
        using var answer = await Send(method, $"/agents/{what}", body is null ? null : JsonSerializer.Serialize(body), "application/json");
        Assert.Equal(status, (int)answer.StatusCode);
        return status == 204 ? default : await Json(answer);
    }

    Task<HttpResponseMessage> Send(HttpMethod method, string url, string? text, string mediaType = "application/yaml", string? match = null) =>
        Send(method, url, text is null ? null : Encoding.UTF8.GetBytes(text), mediaType, match);

    async Task<HttpResponseMessage> Send(HttpMethod method, string url, byte[]? text, string mediaType, string? match = null)
    {
        using var client = app.Client();
        using var request = new HttpRequestMessage(method, url) { Content = text is null ? null : new ByteArrayContent(text) };
        if (text is not null) request.Content!.Headers.ContentType = new(mediaType);
        if (match is not null) request.Headers.IfMatch.ParseAdd(match);
        return await client.SendAsync(request);
    }

    static async Task<JsonElement> Json(HttpResponseMessage answer) =>
        JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync());
}
