using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;

namespace Agents.Host.Tests.Responses;

public sealed class ResponsesTests(App app)
{
    [Fact]
    public async Task A_retrieval_is_told_in_the_order_that_clients_expect()
    {
        var events = await Read(
            await Post(new { model = "research", input = "How many days of holiday does every employee have a year?", stream = true }));

        var types = events.Select(told => told.Type).ToList();
        var searches = types.Count(type => type == "response.file_search_call.completed");
        var citations = types.Count(type => type == "response.output_text.annotation.added");
        Assert.True(searches > 0 && citations > 0);
        Assert.Equal(
            [
                "response.created", "response.queued", "response.in_progress",
                .. Enumerable.Repeat<string[]>(
                    ["response.output_item.added", "response.file_search_call.in_progress", "response.file_search_call.searching",
                        "response.file_search_call.completed", "response.output_item.done"],
                    searches).SelectMany(one => one),
                "response.output_item.added", "response.content_part.added", "response.output_text.delta",
                .. Enumerable.Repeat("response.output_text.annotation.added", citations),
                "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed",
            ],
            types.Where((type, at) => type != "response.output_text.delta" || types[at - 1] != type));
        Assert.Equal(0, events[0].Sequence);
        Assert.All(events.Zip(events.Skip(1)), pair => Assert.True(pair.First.Sequence < pair.Second.Sequence));
        Assert.All(events, told => Assert.Equal($"{told.Sequence}", told.Id));

        var response = events[^1].Data.GetProperty("response");
        var text = string.Concat(events.Where(told => told.Type == "response.output_text.delta")
            .Select(told => told.Data.GetProperty("delta").GetString()));
        Assert.Equal(text, response.GetProperty("output")[searches].GetProperty("content")[0].GetProperty("text").GetString());
        Assert.Equal(citations, response.GetProperty("output")[searches].GetProperty("content")[0].GetProperty("annotations").GetArrayLength());
        Assert.Equal(Enumerable.Range(0, searches + 1),
            events.Where(told => told.Type == "response.output_item.added").Select(told => told.Data.GetProperty("output_index").GetInt32()));
        Assert.Equal(JsonValueKind.Null, response.GetProperty("output")[0].GetProperty("results").ValueKind);
        Assert.True(JsonElement.DeepEquals(response, await Get(response.GetProperty("id").GetString()!)));
    }

    [Fact]
    public async Task A_stream_goes_on_after_any_number_that_was_ever_seen()
    {
        var all = await Read(await Post(new { model = "research", input = "In March expire unused days?", stream = true }));
        var id = all[0].Data.GetProperty("response").GetProperty("id").GetString();

        Assert.Contains(all, told => told.Type == "response.output_text.annotation.added");
        foreach (var last in all)
        {
            var rest = await Stream($"/v1/responses/{id}?stream=true&starting_after={last.Sequence}&include_obfuscation=false");
            var expected = all.Where(told => told.Sequence > last.Sequence).ToList();
            Assert.Equal(TextOf(expected), TextOf(rest));
            Assert.Equal(expected.Where(told => !IsText(told)).Select(told => told.Data.GetRawText()),
                rest.Where(told => !IsText(told)).Select(told => told.Data.GetRawText()));
        }

        var texts = all.Where(IsText).ToList();
        var middle = await Stream($"/v1/responses/{id}?stream=true&starting_after={texts[^1].Sequence - 3}");
        Assert.Equal(TextOf(texts)[^3..], TextOf(middle));
    }

    [Fact]
    public async Task The_words_come_while_the_model_says_them()
    {
        const string Question = "Speak slowly, response.";
        var gate = new TaskCompletionSource();
        app.Model.Says(Question, new Spoken("One ", gate.Task, "two."));
        using var answer = await Post(new { model = "talker", input = Question, stream = true });

        var seen = new List<Told>();
        await foreach (var told in Events(answer))
        {
            seen.Add(told);
            if (IsText(told) && !gate.Task.IsCompleted)
            {
                Assert.Equal("One ", TextOf(seen));
                gate.SetResult();
            }
        }

        Assert.Equal("One two.", TextOf(seen));
        var late = await Stream($"/v1/responses/{seen[0].Data.GetProperty("response").GetProperty("id").GetString()}?stream=true");
        Assert.Equal("One two.", TextOf(late));
        Assert.Equal(
            seen.Where(told => !IsText(told)).Select(told => (told.Sequence, told.Type)),
            late.Where(told => !IsText(told)).Select(told => (told.Sequence, told.Type)));
        Assert.Equal(seen.Last(IsText).Sequence, late.Last(IsText).Sequence);
    }

    [Fact]
    public async Task An_attempt_that_broke_off_stays_as_an_unfinished_message_for_whoever_saw_it_and_whoever_did_not()
    {
        const string Question = "Break off once, response.";
        var cut = new TaskCompletionSource();
        app.Model.Says(Question, new Spoken("Half a ", cut.Task, new IOException("The line is dead.")), "The whole.");
        using var answer = await Post(new { model = "talker", input = Question, stream = true });

        var seen = new List<Told>();
        await foreach (var told in Events(answer))
        {
            seen.Add(told);
            if (IsText(told)) cut.TrySetResult();
        }

        Assert.Equal("Half a The whole.", TextOf(seen));
        var response = seen[^1].Data.GetProperty("response");
        Assert.Equal(
            ["incomplete", "completed"], response.GetProperty("output").EnumerateArray().Select(item => item.GetProperty("status").GetString()));
        Assert.Equal(["", "The whole."],
            response.GetProperty("output").EnumerateArray().Select(item => item.GetProperty("content")[0].GetProperty("text").GetString()));
        var id = response.GetProperty("id").GetString();
        var late = await Stream($"/v1/responses/{id}?stream=true");
        Assert.Equal("The whole.", TextOf(late));
        Assert.Equal(seen.Where(told => !IsText(told)).Select(told => told.Data.GetRawText()),
            late.Where(told => !IsText(told)).Select(told => told.Data.GetRawText()));
        var resumed = await Stream($"/v1/responses/{id}?stream=true&starting_after={seen.First(IsText).Sequence}");
        Assert.Equal("The whole.", TextOf(resumed));
        Assert.Equal("response.output_item.done", resumed[0].Type);
    }

    [Fact]
    public async Task Thought_that_was_shown_as_text_is_followed_by_the_whole_answer_and_changes_no_number()
    {
        const string Question = "Think aloud, response.";
        var heard = new TaskCompletionSource();
        app.Model.Says(Question, new Spoken("It may be ", heard.Task, "so.</think>\n", "It is."));
        using var answer = await Post(new { model = "talker", input = Question, stream = true });

        var seen = new List<Told>();
        await foreach (var told in Events(answer))
        {
            seen.Add(told);
            if (IsText(told)) heard.TrySetResult();
        }

        Assert.Equal("It may be It is.", TextOf(seen));
        Assert.Equal(seen.Select(told => told.Sequence).Order(), seen.Select(told => told.Sequence));
        Assert.Equal("It is.", seen.Single(told => told.Type == "response.output_text.done").Data.GetProperty("text").GetString());
        Assert.Equal("response.completed", seen[^1].Type);
        var late = await Stream($"/v1/responses/{seen[0].Data.GetProperty("response").GetProperty("id").GetString()}?stream=true");
        Assert.Equal("It is.", TextOf(late));
        Assert.Equal(seen.Where(told => !IsText(told)).Select(told => told.Data.GetRawText()),
            late.Where(told => !IsText(told)).Select(told => told.Data.GetRawText()));
    }

    [Fact]
    public async Task Our_own_events_come_only_when_they_are_asked_for_and_change_no_number()
    {
        var plain = await Read(await Post(new { model = "research", input = "What does a permit cost a month?", stream = true }));
        var id = plain[0].Data.GetProperty("response").GetProperty("id").GetString();

        var full = await Stream($"/v1/responses/{id}?stream=true&include[]=agent_steps");

        var steps = full.Where(told => told.Type == "response.agent_step.started").Select(told => told.Data.GetProperty("name").GetString());
        Assert.Equal(["plan", "search", "analyze", "synthesize", "respond"], steps);
        Assert.DoesNotContain(plain, told => told.Type.StartsWith("response.agent_step", StringComparison.Ordinal));
        Assert.Equal(
            plain.Where(told => !IsText(told)).Select(told => (told.Sequence, told.Type)),
            full.Where(told => !IsText(told) && !told.Type.StartsWith("response.agent_step", StringComparison.Ordinal))
                .Select(told => (told.Sequence, told.Type)));
    }

    [Fact]
    public async Task An_agent_that_decides_tells_what_it_skips_and_what_is_the_answer_only_when_it_is()
    {
        const string Question = "A short letter by response.";
        app.Model.Says(Question, "one two three four", "shorter", "one two");

        var plain = await Read(await Post(new { model = "shortener", input = Question, stream = true }));

        var response = plain[^1].Data.GetProperty("response");
        var message = response.GetProperty("output").EnumerateArray().Single(item => item.GetProperty("type").GetString() == "message");
        Assert.Equal(("completed", "one two"),
            (response.GetProperty("status").GetString(), message.GetProperty("content")[0].GetProperty("text").GetString()));
        Assert.Equal("one two", TextOf(plain));
        var full = await Stream($"/v1/responses/{response.GetProperty("id").GetString()}?stream=true&include[]=agent_steps");
        Assert.Equal(
            [("shorten", "condition"), ("report", "condition")],
            full.Where(told => told.Type == "response.agent_step.skipped").Select(told =>
                (told.Data.GetProperty("name").GetString(), told.Data.GetProperty("reason").GetString())));
        Assert.Equal(plain.Select(told => told.Sequence), full.Where(told =>
            !told.Type.StartsWith("response.agent_step", StringComparison.Ordinal)).Select(told => told.Sequence));
    }

    [Fact]
    public async Task The_same_key_a_hundred_times_at_once_is_one_run()
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, 100).Select(async _ =>
            (await Json(await Post(new { model = "counter", input = "Once, response." }, key: "response-once"))).GetProperty("id").GetString()));

        Assert.Single(ids.Distinct());
        Assert.Equal(1L, await Count("Once, response."));
        using var other = await Post(new { model = "counter", input = "Twice, response." }, key: "response-once");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, other.StatusCode);
    }

    [Fact]
    public async Task A_request_that_the_client_repeats_is_one_run_and_the_same_question_twice_is_two()
    {
        var asked = new { model = "counter", input = "Repeat, response." };
        var first = IdOf(await Post(asked));
        var repeated = IdOf(await Post(asked, retry: 1));
        var again = IdOf(await Post(asked, retry: 0));
        var repeatedAgain = IdOf(await Post(asked, retry: 2));

        Assert.Equal(first, repeated);
        Assert.NotEqual(first, again);
        Assert.Equal(again, repeatedAgain);
        Assert.Equal(2L, await Count("Repeat, response."));
    }

    [Fact]
    public async Task A_request_repeated_before_the_first_was_stored_is_one_run()
    {
        var asked = new { model = "counter", input = "Impatient, response." };

        var ids = await Task.WhenAll(Enumerable.Range(0, 10).Select(async n => IdOf(await Post(asked, retry: n == 0 ? 0 : 1))));

        Assert.InRange(ids.Distinct().Count(), 1, 2); // a repetition that overtakes the original cannot know of it
        Assert.Equal(ids.Distinct().Count(), (int)await Count("Impatient, response."));
    }

    [Theory]
    [InlineData("""{"input":"x"}""", "model", "missing_required_parameter")]
    [InlineData("""{"model":"talker"}""", "input", "missing_required_parameter")]
    [InlineData("""{"model":"nobody","input":"x"}""", "model", "model_not_found")]
    [InlineData("""{"model":"talker","input":"  "}""", "input", "invalid_value")]
    [InlineData("""{"model":"talker","input":[{"role":"assistant","content":"x"}]}""", "input", "invalid_value")]
    [InlineData("""{"model":"talker","input":"x","temperature":2.5}""", "temperature", "unsupported_parameter")]
    [InlineData("""{"model":"talker","input":"x","reasoning":{"effort":"most"}}""", "reasoning", "unsupported_parameter")]
    [InlineData("""{"model":"talker","input":"x","text":{"format":{"type":"json_schema","name":"x","schema":{"$ref":"#"}}}}""", "text.format.schema",
        "invalid_json_schema")]
    [InlineData("""{"model":"talker","input":"x","store":false}""", "store", "unsupported_parameter")]
    [InlineData("""{"model":"talker","input":"x","tools":[{"type":"web_search"}]}""", "tools", "unsupported_parameter")]
    [InlineData("""{"model":"talker","input":"x","text":{"format":{"type":"json_schema"}}}""", "text", "unsupported_parameter")]
    [InlineData("""{"model":"talker","input":"x","conversation":"conv_1"}""", "conversation", "unsupported_parameter")]
    [InlineData("""{"model":"talker","input":"x","magic":true}""", "magic", "unknown_parameter")]
    [InlineData("""{"model":"talker","input":"x","stream":"yes"}""", "stream", "invalid_type")]
    [InlineData("""{"model":"talker","input":"x","max_output_tokens":0}""", "max_output_tokens", "invalid_type")]
    [InlineData("""{"model":"talker","input":"x","include":["message.output_text.logprobs"]}""", "include", "unsupported_value")]
    [InlineData("""{"model":"talker","input":"x","previous_response_id":"resp_1"}""", "previous_response_id", "previous_response_not_found")]
    [InlineData("""{"model":"talker","input":[{"role":"user","content":[{"type":"input_image","image_url":"x"}]}]}""", "input[0].content",
        "unsupported_value")]
    [InlineData("""{"model":"talker","input":[{"type":"function_call_output","call_id":"1","output":"x"}]}""", "input[0]", "unsupported_value")]
    [InlineData("""{"model":"talker","input":[{"type":"mcp_approval_response","approval_request_id":"mcpr_1","approve":true}]}""",
        "input[0].approval_request_id", "invalid_value")]
    [InlineData("""{"model":"talker","input":"x","metadata":{"a":1}}""", "metadata", "invalid_type")]
    public async Task What_cannot_be_honoured_is_refused_by_name(string body, string param, string code)
    {
        using var client = app.Client();
        using var answer = await client.PostAsync(
            new Uri("/v1/responses", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"));

        Assert.InRange((int)answer.StatusCode, 400, 404);
        Assert.Equal("false", answer.Headers.GetValues("x-should-retry").Single());
        var error = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error");
        Assert.Equal((param, code, "invalid_request_error"),
            (error.GetProperty("param").GetString(), error.GetProperty("code").GetString(), error.GetProperty("type").GetString()));
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
    }

    [Fact]
    public async Task An_unknown_previous_response_is_answered_as_OpenAI_does()
    {
        var id = $"resp_{Guid.CreateVersion7():N}";

        using var answer = await Post(new { model = "talker", input = "And?", previous_response_id = id });

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error");
        Assert.Equal($"Previous response with id '{id}' not found.", error.GetProperty("message").GetString());
        Assert.Equal(("invalid_request_error", "previous_response_id", "previous_response_not_found"),
            (error.GetProperty("type").GetString(), error.GetProperty("param").GetString(), error.GetProperty("code").GetString()));
    }

    [Theory]
    [InlineData("/v1/responses", "{", 400)]
    [InlineData("/v1/nothing", "{}", 404)]
    public async Task Whatever_goes_wrong_has_the_shape_that_clients_read(string url, string body, int status)
    {
        using var client = app.Client();
        using var answer = await client.PostAsync(new Uri(url, UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"));

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.NotEmpty((await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetProperty("message").GetString()!);
    }

    [Fact]
    public async Task A_reply_that_could_hold_no_more_is_incomplete()
    {
        const string Question = "Be long, response.";
        app.Model.Says(Question, new Spoken("As long as I ma") { IsCut = true });

        var response = await Json(await Post(new { model = "talker", input = Question, max_output_tokens = 7, instructions = "Be long." }));

        Assert.Equal(("incomplete", "max_output_tokens"),
            (response.GetProperty("status").GetString(), response.GetProperty("incomplete_details").GetProperty("reason").GetString()));
        Assert.Equal((7, "Be long."), (response.GetProperty("max_output_tokens").GetInt32(), response.GetProperty("instructions").GetString()));
        Assert.Equal(["Answer.", "Be long.", Question], app.Model.Asked(Question)[0].Select(message => message.Text));
    }

    [Fact]
    public async Task What_was_asked_is_listed_and_what_was_deleted_is_shown_no_longer_but_stays()
    {
        const string Question = "Forget me, response.";
        app.Model.Says(Question, "Forgotten.");
        object[] input = [
            new { role = "user", content = "Hello." }, new { role = "assistant", content = "Hello!" }, new { role = "user", content = Question }];
        var id = (await Json(await Post(new { model = "talker", input }))).GetProperty("id").GetString()!;

        var items = await app.Get($"/v1/responses/{id}/input_items?order=asc&limit=2");
        Assert.Equal(["Hello.", "Hello!"],
            items.GetProperty("data").EnumerateArray().Select(item => item.GetProperty("content")[0].GetProperty("text").GetString()));
        Assert.True(items.GetProperty("has_more").GetBoolean());
        var rest = await app.Get($"/v1/responses/{id}/input_items?order=asc&after={items.GetProperty("last_id").GetString()}");
        Assert.Equal(Question, Assert.Single(rest.GetProperty("data").EnumerateArray()).GetProperty("content")[0].GetProperty("text").GetString());

        using var client = app.Client();
        using var deleted = await client.DeleteAsync(new Uri($"/v1/responses/{id}", UriKind.Relative));
        Assert.True((await deleted.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("deleted").GetBoolean());
        await app.Get($"/v1/responses/{id}", 404);
        await app.Get($"/v1/responses/{id}/input_items", 404);
        using var next = await Post(new { model = "talker", input = "And?", previous_response_id = id });
        Assert.Equal(HttpStatusCode.BadRequest, next.StatusCode);
        Assert.Equal("completed", (await app.Get($"/runs/{RunOf(id)}")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_response_in_progress_is_not_deleted()
    {
        const string Question = "Do not delete me, response.";
        app.Model.Says(Question, new TaskCompletionSource().Task, "Never.");
        var id = IdOf(await Post(new { model = "talker", input = Question, background = true }));
        using var client = app.Client();

        using var refused = await client.DeleteAsync(new Uri($"/v1/responses/{id}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Equal("false", refused.Headers.GetValues("x-should-retry").Single());

        await app.Post($"/v1/responses/{id}/cancel", null, 200);
        var told = await Stream($"/v1/responses/{id}?stream=true");
        Assert.Equal(("response.incomplete", "cancelled"), (told[^1].Type, told[^1].Data.GetProperty("response").GetProperty("status").GetString()));
    }

    [Fact]
    public async Task Agents_are_listed_as_models()
    {
        var models = (await app.Get("/v1/models")).GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString());

        Assert.Contains("research", models);
        Assert.Equal("model", (await app.Get("/v1/models/research")).GetProperty("object").GetString());
        Assert.Equal("model_not_found", (await app.Get("/v1/models/nobody", 404)).GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task An_approval_is_answered_once_and_all_of_a_turn_together()
    {
        const string Question = "Shred two things, response.";
        app.Model.Says(Question, new (string, object)[] { ("shred", new { document = "one" }), ("shred", new { document = "two" }) }, "One is gone.");
        var first = await Json(await Post(new { model = "clerk", input = Question }));
        var requests = first.GetProperty("output").EnumerateArray().Select(item => item.GetProperty("id").GetString()!).ToList();
        Assert.Equal(("completed", 2), (first.GetProperty("status").GetString(), requests.Count));

        using var early = await Post(new { model = "clerk", input = "Well?", previous_response_id = first.GetProperty("id").GetString() });
        Assert.Equal(HttpStatusCode.Conflict, early.StatusCode);
        using var half = await Post(Answer((requests[0], true)));
        Assert.Equal(HttpStatusCode.BadRequest, half.StatusCode);
        Assert.Contains(requests[1], await half.Content.ReadAsStringAsync());

        var second = await Json(await Post(Answer((requests[0], true), (requests[1], false))));
        Assert.Equal("One is gone.", second.GetProperty("output").EnumerateArray().Last().GetProperty("content")[0].GetProperty("text").GetString());
        Assert.Equal(first.GetProperty("id").GetString() + "_2", second.GetProperty("id").GetString());
        Assert.Equal(first.GetProperty("id").GetString(), second.GetProperty("previous_response_id").GetString());
        Assert.Equal("one is gone", Assert.Single(second.GetProperty("output").EnumerateArray(), item =>
            item.GetProperty("type").GetString() == "mcp_call").GetProperty("output").GetString());
        var input = await app.Get($"/v1/responses/{second.GetProperty("id").GetString()}/input_items?order=asc");
        Assert.Equal([true, false], input.GetProperty("data").EnumerateArray().Select(item => item.GetProperty("approve").GetBoolean()));

        Assert.True(JsonElement.DeepEquals(second, await Json(await Post(Answer((requests[0], true), (requests[1], false))))));
        using var otherwise = await Post(Answer((requests[0], false)));
        Assert.Equal(HttpStatusCode.Conflict, otherwise.StatusCode);
        Assert.True(JsonElement.DeepEquals(first, await Get(first.GetProperty("id").GetString()!)));

        static object Answer(params (string Id, bool Approve)[] answers) => new
        {
            model = "clerk",
            input = answers.Select(answer => new { type = "mcp_approval_response", approval_request_id = answer.Id, approve = answer.Approve }),
        };
    }

    [Fact]
    public async Task A_run_that_parks_is_a_failed_response_and_goes_on_as_the_next_one()
    {
        const string Question = "Park, response.";
        app.Model.Says(Question, new HttpRequestException("The key is wrong.", null, HttpStatusCode.Unauthorized), "Here I am.");

        var first = await Json(await Post(new { model = "talker", input = Question }));
        Assert.Equal(
            ("failed", "unauthorized"), (first.GetProperty("status").GetString(), first.GetProperty("error").GetProperty("code").GetString()));
        var id = first.GetProperty("id").GetString()!;
        await app.Post($"/runs/{RunOf(id)}/resume", null, 200);
        await app.Finished(RunOf(id));

        Assert.True(JsonElement.DeepEquals(first, await Get(id)));
        var second = await Get(id + "_2");
        Assert.Equal("Here I am.", second.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString());
        await app.Get($"/v1/responses/{id}_3", 404);
    }

    [Fact]
    public async Task Usage_is_told_in_full()
    {
        const string Question = "What did you use, response?";
        app.Model.Says(Question, "Tokens.");

        var usage = (await Json(await Post(new { model = "talker", input = Question }))).GetProperty("usage");

        Assert.Equal(
            """{"input_tokens":1000,"input_tokens_details":{"cached_tokens":0,"cache_write_tokens":0},"output_tokens":100,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":1100}""",
            usage.GetRawText());
    }

    sealed record Told(string? Id, string Type, long Sequence, JsonElement Data);

    static bool IsText(Told told) => told.Type == "response.output_text.delta";

    static string TextOf(IEnumerable<Told> events) => string.Concat(events.Where(IsText).Select(told => told.Data.GetProperty("delta").GetString()));

    static Guid RunOf(string responseId) => Guid.ParseExact(responseId.AsSpan(5, 32), "N");

    Task<long> Count(string question) => app.Scalar<long>("select count(*) from agents.run_summary where question = $1", question);

    Task<JsonElement> Get(string id) => app.Get($"/v1/responses/{id}");

    async Task<HttpResponseMessage> Post(object body, string? key = null, int? retry = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/responses") { Content = JsonContent.Create(body) };
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        if (retry is not null) request.Headers.Add("x-stainless-retry-count", $"{retry}");
        return await app.Client().SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    static async Task<JsonElement> Json(HttpResponseMessage answer)
    {
        using (answer)
        {
            var text = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.IsSuccessStatusCode, text);
            return JsonSerializer.Deserialize<JsonElement>(text);
        }
    }

    static string IdOf(HttpResponseMessage answer) => Json(answer).Result.GetProperty("id").GetString()!;

    async Task<List<Told>> Stream(string url)
    {
        using var client = app.Client();
        return await Read(await client.GetAsync(new Uri(url, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead));
    }

    static async Task<List<Told>> Read(HttpResponseMessage answer)
    {
        using (answer) return await Events(answer).ToListAsync();
    }

    static async IAsyncEnumerable<Told> Events(HttpResponseMessage answer)
    {
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        await using var body = await answer.Content.ReadAsStreamAsync();
        await foreach (var frame in SseParser.Create(body).EnumerateAsync())
        {
            var data = JsonSerializer.Deserialize<JsonElement>(frame.Data);
            Assert.Equal(frame.EventType, data.GetProperty("type").GetString());
            yield return new(frame.EventId, frame.EventType, data.GetProperty("sequence_number").GetInt64(), data);
        }
    }
}
