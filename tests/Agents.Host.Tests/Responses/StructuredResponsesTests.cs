using System.Net.Http.Json;
using System.Text.Json;
using Agents.Domain.Runs;

namespace Agents.Host.Tests.Responses;

/// <summary>Form and parameters of an answer, as OpenAI's clients ask for them.</summary>
public sealed class StructuredResponsesTests(App app)
{
    static readonly object Days = new
    {
        type = "object", additionalProperties = false, required = new[] { "days" }, properties = new { days = new { type = "integer" } },
    };

    [Fact]
    public async Task The_text_of_a_response_is_the_json_that_was_asked_for()
    {
        const string Question = "How many days, response?";
        app.Model.Says(Question, "```json\n{ \"days\": 30 }\n```");

        var response = await Ask(new
        {
            model = "talker", input = Question, temperature = 0.2, top_p = 0.5, reasoning = new { effort = "low" }, parallel_tool_calls = false,
            text = new { format = new { type = "json_schema", name = "days", strict = true, schema = Days } },
        });

        Assert.Equal("completed", response.GetProperty("status").GetString());
        Assert.Equal("""{"days":30}""", TextOf(response));
        var format = response.GetProperty("text").GetProperty("format");
        Assert.Equal("json_schema", format.GetProperty("type").GetString());
        Assert.True(JsonElement.DeepEquals(JsonSerializer.SerializeToElement(Days), format.GetProperty("schema")));
        Assert.Equal(
            (0.2, 0.5, "low", false),
            (response.GetProperty("temperature").GetDouble(), response.GetProperty("top_p").GetDouble(),
                response.GetProperty("reasoning").GetProperty("effort").GetString(), response.GetProperty("parallel_tool_calls").GetBoolean()));
        Assert.Equal((0.2f, 0.5f), (app.Model.Options(Question)[0]!.Temperature, app.Model.Options(Question)[0]!.TopP));
    }

    [Fact]
    public async Task Any_object_may_be_asked_for()
    {
        app.Model.Says("Any object, response?", "thirty", """{ "anything": [1] }""");

        var response = await Ask(new { model = "talker", input = "Any object, response?", text = new { format = new { type = "json_object" } } });

        Assert.Equal("""{"anything":[1]}""", TextOf(response));
        Assert.Equal("json_object", response.GetProperty("text").GetProperty("format").GetProperty("type").GetString());
    }

    [Fact]
    public async Task A_stream_shows_no_reply_that_does_not_fit()
    {
        const string Question = "How many days, stream?";
        app.Model.Says(Question, "about thirty", new Spoken("""{"da""", """ys":30}"""));
        using var client = app.Client();

        using var answer = await client.PostAsJsonAsync("/v1/responses", new
        {
            model = "talker", input = Question, stream = true, text = new { format = new { type = "json_schema", name = "days", schema = Days } },
        });
        var stream = await answer.Content.ReadAsStringAsync();

        Assert.DoesNotContain("about thirty", stream, StringComparison.Ordinal);
        var events = stream.Split('\n').Where(line => line.StartsWith("data: {", StringComparison.Ordinal))
            .Select(line => JsonSerializer.Deserialize<JsonElement>(line["data: ".Length..])).ToList();
        var deltas = events.Where(told => told.GetProperty("type").GetString() == "response.output_text.delta")
            .Select(told => told.GetProperty("delta").GetString());
        Assert.Equal("""{"days":30}""", string.Concat(deltas));
        Assert.Single(events, told => told.GetProperty("type").GetString() == "response.output_item.added");
        Assert.Equal("""{"days":30}""", TextOf(events[^1].GetProperty("response")));
        Assert.Equal(2000, events[^1].GetProperty("response").GetProperty("usage").GetProperty("input_tokens").GetInt32());
    }

    [Fact]
    public async Task A_response_whose_replies_never_fit_fails_with_the_reasons()
    {
        app.Model.Says("How many days, never, response?", [.. Enumerable.Repeat("about thirty", 20)]);

        var response = await Ask(new
        {
            model = "form", input = "How many days, never, response?", text = new { format = new { type = "json_schema", name = "d", schema = Days } },
        });

        Assert.Equal(("failed", "output_unfit"),
            (response.GetProperty("status").GetString(), response.GetProperty("error").GetProperty("code").GetString()));
        Assert.Contains("no JSON", response.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Empty(response.GetProperty("output").EnumerateArray());
    }

    [Fact]
    public async Task A_sampling_of_one_is_the_apis_own_and_asks_for_nothing()
    {
        app.Model.Says("One, response?", "So.");

        await Ask(new { model = "talker", input = "One, response?", temperature = 1, top_p = 1.0, reasoning = new { effort = (string?)null } });

        Assert.Null(app.Model.Options("One, response?")[0]!.Temperature);
        var id = await app.Scalar<Guid>("select run_id from agents.run_summary where question = 'One, response?'");
        Assert.Null((await app.Facts(id)).OfType<RunQueued>().Single().Brief!.Parameters);
    }

    async Task<JsonElement> Ask(object body)
    {
        using var client = app.Client();
        using var answer = await client.PostAsJsonAsync("/v1/responses", body);
        var response = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(answer.IsSuccessStatusCode, response.ToString());
        return response;
    }

    static string? TextOf(JsonElement response) => response.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString();
}
