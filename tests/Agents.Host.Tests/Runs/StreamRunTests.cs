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
    public async Task The_simple_format_tells_a_result_once_also_when_the_steps_output_is_made_of_it()
    {
        const string Question = "Two at 1.25 for Bob, in the simple format.";
        app.Model.Says(Question, """{"customer":"Bob","items":[{"count":2,"price":1.25}]}""");
        var id = await app.Queue(Question, "biller");
        await app.Finished(id);

        var told = (await Read($"/runs/{id}/stream?format=simple"))[..^1].Select(frame => JsonSerializer.Deserialize<JsonElement>(frame.Data)).ToList();

        Assert.Equal(
            ["thinking", "thinking", "thinking", "tool_call", "tool_result", "answer"], told.Select(one => one.GetProperty("type").GetString()));
        Assert.Equal("""{"customer":"Bob","totalUsd":2.50}""", told[^1].GetProperty("content").GetString());
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
        Assert.Equal(
            "search_documents", messages.First(message => message.GetProperty("type").GetString() == "tool_call").GetProperty("tool").GetString());
        Assert.All(messages, message => Assert.Equal(JsonValueKind.String, message.GetProperty("content").ValueKind));
    }

    [Fact]
    public async Task The_models_words_come_as_they_are_said_and_a_late_reader_gets_all_of_them()
    {
        const string Question = "Say it word by word.";
        var (first, second) = (new TaskCompletionSource(), new TaskCompletionSource());
        app.Model.Says(Question, new Spoken("Good ", first.Task, "morning, ", second.Task, "everybody \U0001F600."));
        var id = await app.Queue(Question, "clerk");

        var (early, late) = (Said($"/runs/{id}/stream", (text, _) => { if (text == "Good ") first.TrySetResult(); }), (Task<string>?)null);
        await foreach (var frame in Frames($"/runs/{id}/stream"))
        {
            if (frame.EventType != "delta" || !frame.Data.Contains("morning", StringComparison.Ordinal)) continue;
            late = Said($"/runs/{id}/stream?after=3", (text, _) => { if (text == "Good morning, ") second.TrySetResult(); });
            break;
        }

        Assert.Equal("Good morning, everybody \U0001F600.", await early);
        Assert.Equal("Good morning, everybody \U0001F600.", await late!);
        var replayed = await Read($"/runs/{id}/stream");
        Assert.DoesNotContain(replayed, frame => frame.EventType == "delta");
    }

    [Theory]
    [InlineData("in one piece", "so.</think>\nIt is.")]
    [InlineData("in pieces", "so.</th", "ink>", "\n", "It is.")]
    public async Task Words_that_turn_out_to_be_thought_are_followed_by_the_answer_from_its_beginning(string how, params string[] rest)
    {
        var question = $"Think aloud {how}.";
        var heard = new TaskCompletionSource();
        app.Model.Says(question, new Spoken(["It may be ", heard.Task, .. rest]));
        var id = await app.Queue(question, "talker");

        var texts = new List<string>();
        var last = await Said($"/runs/{id}/stream", (text, _) =>
        {
            texts.Add(text);
            heard.TrySetResult();
        });

        Assert.Equal(("It may be ", "It is."), (texts[0], last));
        Assert.Equal("It is.", (await app.Finished(id)).GetProperty("answer").GetString());
        var reply = (await app.Facts(id)).OfType<ModelCallCompleted>().Single().Reply;
        Assert.Equal("It may be so.".Length, reply.ThoughtCharacters);
        Assert.InRange(reply.TakenBackCharacters, "It may be ".Length, "It may be so.</think".Length);
    }

    [Fact]
    public async Task The_words_of_a_lost_attempt_are_taken_back_and_a_later_reader_never_sees_them()
    {
        const string Question = "Say it again, please.";
        var (cut, end) = (new TaskCompletionSource(), new TaskCompletionSource());
        app.Model.Says(Question, new Spoken("Wrong ", cut.Task, new IOException("cut")), new Spoken("Right", end.Task, "."));
        var id = await app.Queue(Question, "clerk");

        var seen = new List<string>();
        await foreach (var frame in Frames($"/runs/{id}/stream"))
        {
            if (frame.EventType is "delta" or "attempt_reset" or "model_call_outcome_unknown") seen.Add($"{frame.EventType} {Attempt(frame)}");
            if (frame.EventType == "delta" && Attempt(frame) == 1) cut.TrySetResult();
            if (frame.EventType != "delta" || Attempt(frame) != 2 || end.Task.IsCompleted) continue;

            var later = Said($"/runs/{id}/stream", (text, attempts) =>
            {
                Assert.Equal([2], attempts);
                if (text == "Right") end.TrySetResult();
            });
            Assert.Equal("Right.", await later);
        }

        Assert.Equal(["delta 1", "attempt_reset 1", "model_call_outcome_unknown 1", "delta 2"], seen[..4]);
    }

    [Fact]
    public async Task Readers_that_are_cut_again_and_again_get_every_fact_once_and_in_order()
    {
        const int Readers = 100;
        const int Cuts = 20;
        const string Question = "Who reads through a bad line?";
        var gate = new TaskCompletionSource();
        app.Model.Says(Question, gate.Task, "stream", "nothing", "draft", "The end.");
        var id = await app.Queue(Question);
        await app.Until(id, facts => facts.OfType<ModelCallStarted>().Any());

        var reading = Enumerable.Range(0, Readers).Select(seed => Task.Run(() => ReadWithCuts($"/runs/{id}/stream", new Random(seed), Cuts)))
            .ToList();
        gate.SetResult();
        var got = await Task.WhenAll(reading);

        var log = (await app.Get($"/runs/{id}/events")).GetProperty("items").EnumerateArray().Select(item => item.GetRawText()).ToList();
        Assert.All(got, facts => Assert.Equal(log, facts));
    }

    [Fact]
    public async Task A_run_whose_last_reader_left_is_cancelled_if_the_reader_said_so_and_only_then()
    {
        const string Mine = "Who stays when I leave?";
        const string Other = "Who stays when others leave?";
        var never = new TaskCompletionSource();
        app.Model.Says(Mine, never.Task, "x").Says(Other, never.Task, "x");
        var (mine, other) = (await app.Queue(Mine), await app.Queue(Other));

        await foreach (var frame in Frames($"/runs/{mine}/stream?on_disconnect=cancel"))
            if (frame.EventType == "model_call_started") break;
        await foreach (var frame in Frames($"/runs/{other}/stream?on_disconnect=continue"))
            if (frame.EventType == "model_call_started") break;
        var run = await app.Finished(mine);

        Assert.Equal(("cancelled", "The last reader left."), (run.GetProperty("status").GetString(), run.GetProperty("reason").GetString()));
        Assert.Equal("running", (await app.Get($"/runs/{other}")).GetProperty("status").GetString());
        await app.Post($"/runs/{other}/cancel", null, 200);
    }

    [Theory]
    [InlineData("?format=loud", "Unknown format")]
    [InlineData("?on_disconnect=explode", "Unknown on_disconnect")]
    [InlineData("?after=-1", "Bad after")]
    public async Task A_stream_that_cannot_be_is_refused_with_the_reason(string query, string title) =>
        Assert.Equal(title, (await app.Get($"/runs/{Guid.Empty}/stream{query}", 400)).GetProperty("title").GetString());

    /// <summary>The text of all deltas put together as a client does: offset 0 begins anew.</summary>
    async Task<string> Said(string url, Action<string, IReadOnlyCollection<int>> heard)
    {
        var (text, attempts) = ("", new HashSet<int>());
        await foreach (var frame in Frames(url))
        {
            if (frame.EventType != "delta") continue;
            var delta = JsonSerializer.Deserialize<JsonElement>(frame.Data);
            var offset = delta.GetProperty("offset").GetInt32();
            if (offset == 0) text = "";
            Assert.Equal(text.Length, offset);
            text += delta.GetProperty("text").GetString();
            attempts.Add(delta.GetProperty("attempt").GetInt32());
            heard(text, attempts);
        }

        return text;
    }

    async Task<List<string>> ReadWithCuts(string url, Random random, int cuts)
    {
        var (facts, last) = (new List<string>(), (string?)null);
        for (var cut = 0; ; cut++)
        {
            var left = cut < cuts ? random.Next(3) : int.MaxValue;
            await foreach (var frame in Frames(url, last))
            {
                if (frame.Data == "[DONE]") return facts;
                if (frame.EventType is "delta") continue;
                facts.Add(frame.Data);
                last = JsonSerializer.Deserialize<JsonElement>(frame.Data).GetProperty("version").GetInt64()
                    .ToString(System.Globalization.CultureInfo.InvariantCulture);
                if (left-- <= 0) break;
            }
        }
    }

    static int Attempt(SseItem<string> frame)
    {
        var data = JsonSerializer.Deserialize<JsonElement>(frame.Data);
        return (data.TryGetProperty("attempt", out var attempt) ? attempt : data.GetProperty("data").GetProperty("attempt")).GetInt32();
    }

    async Task<List<SseItem<string>>> Read(string url, string? last = null)
    {
        var frames = new List<SseItem<string>>();
        await foreach (var frame in Frames(url, last)) frames.Add(frame);
        return frames;
    }

    async IAsyncEnumerable<SseItem<string>> Frames(string url, string? last = null)
    {
        using var client = app.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (last is not null) request.Headers.Add("Last-Event-ID", last);
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("no", answer.Headers.GetValues("X-Accel-Buffering").Single());

        await using var body = await answer.Content.ReadAsStreamAsync();
        await foreach (var frame in SseParser.Create(body).EnumerateAsync()) yield return frame;
    }
}
