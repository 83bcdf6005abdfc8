using System.Net.ServerSentEvents;
using System.Text.Json;
using Agents.Domain.Runs;

namespace Agents.Host.Tests.Runs;

public sealed class StreamRunTests(App app)
{
    [Fact]
    public async Task A_finished_run_is_replayed_to_its_end_then_done()
    {
        var id = await app.Queue("Stream me the holidays.");
        await app.Finished(id);

        var frames = await Read($"/runs/{id}/stream");

        Assert.Equal("[DONE]", frames[^1].Data);
        var facts = await app.Stored(id);
        Assert.Equal(facts.Select(fact => $"{fact.Version}"), frames[..^1].Select(frame => frame.EventId));
        Assert.Equal("run_completed", frames[^2].EventType);
        var first = JsonSerializer.Deserialize<JsonElement>(frames[0].Data);
        Assert.Equal(("run_queued", 1L), (first.GetProperty("type").GetString(), first.GetProperty("version").GetInt64()));
        Assert.Equal("research", first.GetProperty("data").GetProperty("agent").GetString());
    }

    [Fact]
    public async Task A_reader_that_comes_back_gets_what_it_missed_and_nothing_twice()
    {
        var id = await app.Queue("Stream me the parking.");
        await app.Finished(id);

        var all = await Read($"/runs/{id}/stream");
        var rest = await Read($"/runs/{id}/stream", last: "5");
        var none = await Read($"/runs/{id}/stream", last: all[^2].EventId);

        Assert.Equal(all.Skip(5).Select(frame => frame.EventId), rest.Select(frame => frame.EventId));
        Assert.Equal("[DONE]", Assert.Single(none).Data);
    }

    [Fact]
    public async Task A_reader_of_a_running_run_sees_each_fact_as_it_comes()
    {
        const string Question = "What comes next on the stream?";
        var gate = new TaskCompletionSource();
        app.Model.Says(Question, gate.Task, "stream", "nothing", "draft", "The end.");
        var id = await app.Queue(Question);
        await app.Until(id, facts => facts.OfType<ModelCallStarted>().Any());

        var seen = new List<string>();
        await foreach (var frame in Frames($"/runs/{id}/stream"))
        {
            if (frame.EventType == "model_call_started" && !gate.Task.IsCompleted)
            {
                Assert.DoesNotContain("step_completed", seen);
                gate.SetResult();
            }

            seen.Add(frame.EventType);
        }

        Assert.Contains("run_completed", seen);
    }

    [Fact]
    public async Task The_simple_format_tells_thinking_tools_and_the_answer()
    {
        var id = await app.Queue("How many days of holiday, in the simple format?");
        await app.Finished(id);

        var frames = await Read($"/runs/{id}/stream?format=simple");

        Assert.Equal("[DONE]", frames[^1].Data);
        var messages = frames[..^1].Select(frame => JsonSerializer.Deserialize<JsonElement>(frame.Data)).ToList();
        Assert.Equal(
            ["thinking", "tool_call", "tool_result", "answer"],
            messages.Select(message => message.GetProperty("type").GetString()!).Distinct());
        Assert.Equal("search_documents", messages.First(message => message.GetProperty("type").GetString() == "tool_call").GetProperty("tool").GetString());
        Assert.All(messages, message => Assert.Equal(JsonValueKind.String, message.GetProperty("content").ValueKind));
    }

    async Task<List<SseItem<string>>> Read(string url, string? last = null)
    {
        var frames = new List<SseItem<string>>();
        await foreach (var frame in Frames(url, last)) frames.Add(frame);
        return frames;
    }

    async IAsyncEnumerable<SseItem<string>> Frames(string url, string? last = null)
    {
        using var client = app.Host.Server.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (last is not null) request.Headers.Add("Last-Event-ID", last);
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("no", answer.Headers.GetValues("X-Accel-Buffering").Single());

        await using var body = await answer.Content.ReadAsStreamAsync();
        await foreach (var frame in SseParser.Create(body).EnumerateAsync()) yield return frame;
    }
}
