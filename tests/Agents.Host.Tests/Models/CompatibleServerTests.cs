using System.Diagnostics;
using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Models;
using Microsoft.Extensions.AI;
using static Agents.Host.Tests.Models.ModelCalls;
using static Agents.Host.Tests.Models.Said;

namespace Agents.Host.Tests.Models;

/// <summary>What servers that speak like OpenAI, Anthropic or Ollama do say, and their makers never meant.</summary>
public sealed class CompatibleServerTests
{
    const string Hello =
        """{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Hello"},"finish_reason":""}]}""";

    static readonly Usage Counted = new(10, 5);

    [Theory]
    [InlineData(ModelProvider.OpenAI)]
    [InlineData(ModelProvider.Azure)]
    public async Task An_empty_finish_reason_or_role_is_none(ModelProvider provider)
    {
        foreach (var first in new[] { Hello, Hello.Replace("\"assistant\"", "\"\"", StringComparison.Ordinal) })
        {
            var answered = await Answers(provider, Events(first, Chunk("""{"content":", world"}"""), Chunk("{}", "\"stop\""), UsageChunk, Done));

            Assert.Equal(("Hello, world", "stop"), (answered.Text, answered.FinishReason));
            var cut = await Fails(provider, Events(first, Chunk("""{"content":", world"}""")));
            Assert.Equal((FailureKind.StreamCut, "Hello, world"), (cut.Failure.Kind, cut.Text)); // it is no end
        }
    }

    [Fact]
    public async Task Content_in_parts_is_text_thought_and_what_is_passed_over()
    {
        const string Parts =
            """{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hmm"}]},{"type":"text","text":"Hello"},{"type":"hologram","data":[1]},", ",{"text":"world"}]}""";

        var answered = await Answers(ModelProvider.OpenAI, Events(Chunk(Parts), Chunk("{}", "\"stop\""), UsageChunk, Done));

        Assert.Equal(("Hello, world", 3, Counted), (answered.Text, answered.ThoughtCharacters, answered.Usage));
    }

    [Theory, MemberData(nameof(ProviderTests.Providers), MemberType = typeof(ProviderTests))]
    public async Task What_cannot_be_read_is_a_failure_with_the_providers_words_and_the_text_so_far(ModelProvider provider)
    {
        var failed = await Fails(provider, Cut(provider, "Hello", after: provider is ModelProvider.Ollama ? "{oops\n{}\n\n" : "data: {oops\n\n"));

        Assert.Equal(FailureKind.StreamCut, failed.Failure.Kind);
        Assert.Contains("{oops", failed.Failure.Message, StringComparison.Ordinal);
        Assert.Equal(("Hello", 5), (failed.Text, failed.ReceivedCharacters));
    }

    [Fact]
    public async Task A_call_whose_arguments_break_off_is_not_joined_with_the_next_of_its_number()
    {
        var answered = await Answers(ModelProvider.OpenAI, Events(
            Tool("""{"index":0,"id":"a","type":"function","function":{"name":"add","arguments":"{\"x\":"}}"""),
            Tool("""{"index":0,"id":"b","type":"function","function":{"name":"add","arguments":"{\"x\":2}"}}"""),
            Chunk("{}", "\"tool_calls\""), UsageChunk, Done));

        Assert.Equal([new("add", """{"x":"""), new ToolRequest("add", """{"x":2}""")], answered.ToolRequests);
    }

    [Theory]
    [InlineData("\"index\":0,", "\"index\":0,")]
    [InlineData("", "")]
    [InlineData("\"index\":null,", "\"index\":\"0\",")]
    public async Task Two_ids_are_two_calls_whatever_their_numbers(string one, string other)
    {
        var answered = await Answers(ModelProvider.OpenAI, Events(
            Tool($$$"""{{{{one}}}"id":"a","type":"function","function":{"name":"add","arguments":"{\"x\":"}}"""),
            Tool($$$"""{{{{one}}}"function":{"arguments":"1}"}}"""),
            Tool($$$"""{{{{other}}}"id":"b","type":"function","function":{"name":"add","arguments":"{\"x\":"}}"""),
            Tool($$$"""{{{{other}}}"function":{"arguments":"2}"}}"""),
            Chunk("{}", "\"tool_calls\""), UsageChunk, Done));

        Assert.Equal([new("add", """{"x":1}"""), new ToolRequest("add", """{"x":2}""")], answered.ToolRequests);
    }

    [Theory]
    [InlineData("""{"index":0,"id":"a","function":{"name":"add","arguments":"{\"x\":1}"}}""")]
    [InlineData("""{"index":0,"id":"a","function":{"name":"add","arguments":"{ \"x\": 1 }"}}""")]
    [InlineData("""{"index":1,"id":"a","function":{"name":"add","arguments":"{\"x\":1}"}}""")]
    [InlineData("""{"index":0,"id":"a","function":{"name":"add","arguments":""}}""")]
    [InlineData("""{"id":"a","function":{"name":"add","arguments":{"x":1}}}""")]
    [InlineData("""{"index":0,"id":"a","function":{"arguments":"{\"x\":1}"}}""")]
    public async Task A_call_said_again_is_one_call(string again)
    {
        var answered = await Answers(ModelProvider.OpenAI, Events(
            Tool("""{"index":0,"id":"a","type":"function","function":{"name":"add","arguments":""}}"""),
            Tool("""{"index":0,"function":{"arguments":"{\"x\""}}"""), Tool("""{"index":0,"function":{"arguments":":1}"}}"""),
            Tool(again), Chunk("{}", "\"tool_calls\""), UsageChunk, Done));

        Assert.Equal([new ToolRequest("add", """{"x":1}""")], answered.ToolRequests);
    }

    [Fact]
    public async Task One_id_at_several_numbers_is_one_call()
    {
        var answered = await Answers(ModelProvider.OpenAI, Events(
            Tool("""{"index":0,"id":"a","function":{"name":"send","arguments":""}}"""),
            Tool("""{"index":1,"id":"a","function":{"arguments":"{\"to\""}}"""),
            Tool("""{"index":1,"function":{"arguments":":\"ada\"}"}}"""),
            Chunk("{}", "\"tool_calls\""), Done));

        Assert.Equal([new ToolRequest("send", """{"to":"ada"}""")], answered.ToolRequests);
    }

    [Fact]
    public async Task Ids_made_anew_for_each_piece_do_not_part_a_call()
    {
        var answered = await Answers(ModelProvider.OpenAI, Events(
            Tool("""{"index":0,"id":"a1","function":{"name":"add","arguments":"{\"x\""}}"""),
            Tool("""{"index":0,"id":"a2","function":{"arguments":":1}"}}"""),
            Chunk("{}", "\"tool_calls\""), Done));

        Assert.Equal([new ToolRequest("add", """{"x":1}""")], answered.ToolRequests);
    }

    [Fact]
    public async Task Calls_without_ids_are_told_apart_by_their_names_and_whole_arguments()
    {
        var answered = await Answers(ModelProvider.OpenAI, Events(
            Chunk("""{"tool_calls":[{"function":{"name":"add","arguments":"{\"x\":1}"}},{"function":{"name":"add","arguments":{"x":2}}},{"function":{"name":"sub","arguments":"{}"}}]}"""),
            Chunk("{}", "\"tool_calls\""), Done));

        Assert.Equal(
            [new("add", """{"x":1}"""), new("add", """{"x":2}"""), new ToolRequest("sub", "{}")], answered.ToolRequests);
    }

    [Theory]
    [InlineData("""{"error":{"message":"You have no quota left.","type":"insufficient_quota","code":"insufficient_quota"}}""", FailureKind.Rejected)]
    [InlineData("""{"error":{"message":"You have no quota left.","type":"insufficient_quota","code":429},"choices":[]}""", FailureKind.Rejected)]
    [InlineData("""{"error":{"message":"Slow down.","type":"tokens","code":"rate_limit_exceeded"}}""", FailureKind.RateLimited)]
    [InlineData("""{"error":{"message":"Slow down.","code":429}}""", FailureKind.RateLimited)]
    [InlineData("""{"error":{"message":"Too long.","type":"invalid_request_error","code":"context_length_exceeded"}}""", FailureKind.Rejected)]
    [InlineData("""{"error":{"message":"No such model.","code":"404"}}""", FailureKind.Rejected)]
    [InlineData("""{"object":"error","message":"Bad.","type":"BadRequestError","param":null,"code":400}""", FailureKind.Rejected)]
    [InlineData("""{"error":{"message":"Wrong key.","type":"authentication_error"}}""", FailureKind.Unauthorized)]
    [InlineData("""{"error":{"message":"Overloaded.","type":"server_error"}}""", FailureKind.Unavailable)]
    [InlineData("""{"error":"Something broke.","status_code":503}""", FailureKind.Unavailable)]
    [InlineData("""{"error":{"message":"Odd."}}""", FailureKind.Unavailable)]
    [InlineData("""[{"error":{"code":400,"message":"In a list.","status":"INVALID_ARGUMENT"}}]""", FailureKind.Rejected)]
    [InlineData("""{"choices":[{"index":0,"error":{"code":502,"message":"Upstream died."},"delta":{}}]}""", FailureKind.Unavailable)]
    public async Task An_error_within_a_stream_means_what_it_says(string error, FailureKind kind)
    {
        var failed = await Fails(ModelProvider.OpenAI, Events(error, Done));
        var later = await Fails(ModelProvider.OpenAI, Events(Hello, error));

        Assert.Equal((kind, kind), (failed.Failure.Kind, later.Failure.Kind));
        Assert.Matches("quota left|Slow down|Too long|such model|Bad|Wrong key|Overloaded|broke|Odd|In a list|Upstream", failed.Failure.Message);
        Assert.Equal((0, 5, "Hello"), (failed.ReceivedCharacters, later.ReceivedCharacters, later.Text));
    }

    [Theory]
    [InlineData(ModelProvider.Anthropic, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
        FailureKind.Unavailable)]
    [InlineData(ModelProvider.Anthropic, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"Overloaded\"}}\n\n",
        FailureKind.RateLimited)]
    [InlineData(ModelProvider.Ollama, "{\"error\":\"Overloaded\"}\n", FailureKind.Unavailable)]
    [InlineData(ModelProvider.OpenAI, "error: {\"error\":\"Overloaded\",\"error_type\":\"validation\"}\n\n", FailureKind.Rejected)]
    [InlineData(ModelProvider.Azure, "{\"error\":{\"message\":\"Overloaded\",\"code\":\"429\"}}", FailureKind.RateLimited)]
    public async Task Each_protocols_error_within_a_stream_is_known(ModelProvider provider, string error, FailureKind kind)
    {
        var failed = await Fails(provider, FakeReply.Sends(error));

        Assert.Equal(kind, failed.Failure.Kind);
        Assert.StartsWith("Overloaded", failed.Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_account_with_nothing_left_is_no_rate_limit()
    {
        var spent = FakeReply.Error(429, "") with { Body = """{"error":{"message":"Pay.","type":"insufficient_quota","code":"insufficient_quota"}}""" };

        var busy = spent with
        {
            Body = """{"error":{"message":"Slow down, or see your insufficient_quota under billing.","type":"tokens","code":"rate_limit_exceeded"}}""",
        };

        Assert.Equal(new Failure(FailureKind.Rejected, "HTTP 429: Pay."), (await Fails(ModelProvider.OpenAI, spent)).Failure);
        Assert.Equal(FailureKind.RateLimited, (await Fails(ModelProvider.OpenAI, busy)).Failure.Kind);
    }

    [Fact]
    public async Task A_key_is_not_repeated_from_an_error_within_a_stream()
    {
        var failed = await Fails(ModelProvider.OpenAI, Events($$$"""{"error":{"message":"Key {{{Key}}} is wrong."}}"""));

        Assert.Equal("Key [redacted] is wrong.", failed.Failure.Message);
    }

    [Theory, MemberData(nameof(ProviderTests.Providers), MemberType = typeof(ProviderTests))]
    public async Task A_page_in_place_of_a_stream_is_named(ModelProvider provider)
    {
        var page = FakeReply.Sends("<!DOCTYPE html>\n\n<html><head>", "<title>Sign in</title></head></html>\n");

        var failure = (await Fails(provider, page with { ContentType = "text/html; charset=utf-8" })).Failure;

        Assert.Equal(FailureKind.Unavailable, failure.Kind);
        Assert.StartsWith("The provider answered with text/html in place of a stream: <!DOCTYPE html>", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Sign in", failure.Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(ProviderTests.Providers), MemberType = typeof(ProviderTests))]
    public async Task JSON_that_is_no_reply_is_named(ModelProvider provider)
    {
        var failure = (await Fails(provider, FakeReply.Sends("{\n  \"detail\": \"Not Found\"\n}") with { ContentType = "application/json" })).Failure;

        Assert.Equal(FailureKind.Unavailable, failure.Kind);
        Assert.Contains("Not Found", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ModelProvider.OpenAI,
        """{"id":"c","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5}}""")]
    [InlineData(ModelProvider.Anthropic,
        """{"id":"c","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn","usage":{"input_tokens":10,"output_tokens":5}}""")]
    [InlineData(ModelProvider.Ollama,
        """{"model":"m","created_at":"now","message":{"role":"assistant","content":"Hello"},"done":true,"prompt_eval_count":10,"eval_count":5}""")]
    public async Task A_whole_reply_in_place_of_a_stream_is_a_reply(ModelProvider provider, string whole)
    {
        var answered = await Answers(provider, FakeReply.Sends(whole) with { ContentType = "application/json" });

        Assert.Equal(("Hello", "m", Counted), (answered.Text, answered.Model, answered.Usage));
    }

    [Theory]
    [InlineData(ModelProvider.OpenAI, """{"content":null}""", "stop")]
    [InlineData(ModelProvider.OpenAI, """{"content":"  \n"}""", "stop")]
    [InlineData(ModelProvider.OpenAI, """{"reasoning_content":"hmm"}""", "3 characters of thought")]
    [InlineData(ModelProvider.Azure, """{"function_call":{"name":"add","arguments":"{}"}}""", "passed over: function_call")]
    [InlineData(ModelProvider.OpenAI, """{"content":"<think>hmm"}""", "3 characters of thought")]
    public async Task A_reply_without_text_and_calls_is_a_failure_that_says_what_came(ModelProvider provider, string delta, string came)
    {
        var failed = await Fails(provider, Events(Chunk(delta), Chunk("{}", "\"stop\""), UsageChunk, Done));

        Assert.Equal((FailureKind.EmptyReply, Counted), (failed.Failure.Kind, failed.Usage));
        Assert.Contains(came, failed.Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_was_only_loaded_has_not_answered()
    {
        var failed = await Fails(ModelProvider.Ollama, FakeReply.Sends(
            """{"model":"m","created_at":"now","message":{"role":"assistant","content":""},"done_reason":"load","done":true}""" + "\n"));

        Assert.Equal(FailureKind.EmptyReply, failed.Failure.Kind);
        Assert.Contains("finish reason load", failed.Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_of_thoughts_is_no_answer()
    {
        var failed = await Fails(ModelProvider.Anthropic, FakeReply.Sends(
            """{"type":"message","id":"c","model":"m","content":[{"type":"thinking","thinking":"hmm"},{"type":"server_tool_use","id":"s","name":"web_search","input":{}}],"stop_reason":"end_turn"}"""));

        Assert.Equal(FailureKind.EmptyReply, failed.Failure.Kind);
        Assert.Contains("3 characters of thought, passed over: server_tool_use", failed.Failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("eos", "stop")]
    [InlineData("end_turn", "stop")]
    [InlineData("MAX_TOKENS", "length")]
    [InlineData("SAFETY", "content_filter")]
    [InlineData("content_filter", "content_filter")]
    public async Task A_finish_reason_of_another_make_ends_a_whole_answer(string reason, string finishReason)
    {
        var answered = await Answers(ModelProvider.OpenAI, Events(Hello, Chunk("{}", $"\"{reason}\""), UsageChunk, Done));

        Assert.Equal(("Hello", finishReason, Counted), (answered.Text, answered.FinishReason, answered.Usage));
    }

    [Fact]
    public async Task A_reply_that_the_server_gave_up_is_no_answer()
    {
        var failed = await Fails(ModelProvider.OpenAI, Events(Hello, Chunk("{}", "\"insufficient_system_resource\""), UsageChunk, Done));

        Assert.Equal(new Failure(FailureKind.Unavailable, "The provider ended its reply with 'insufficient_system_resource'."), failed.Failure);
    }

    [Theory]
    [InlineData("""{"id":"c","created":1.7e9,"model":"m","choices":[{"index":0,"delta":{"content":"!"}}]}""", "Hello!")]
    [InlineData("""{"id":7,"created":"yesterday","model":null,"choices":[{"delta":{"content":"!"},"logprobs":{"content":[]}}]}""", "Hello!")]
    [InlineData("""{"id":"c","choices":null}""", "Hello")]
    [InlineData("""{"id":"c","choices":{}}""", "Hello")]
    [InlineData("null", "Hello")]
    [InlineData("[]", "Hello")]
    [InlineData("", "Hello")]
    [InlineData(" ", "Hello")]
    [InlineData("""{"error":null,"choices":[]}""", "Hello")]
    [InlineData("""{"error":{"code":0,"message":""},"choices":[]}""", "Hello")]
    [InlineData("""{"choices":[{"index":1,"delta":{"content":"another"}}]}""", "Hello")]
    [InlineData("""{"choices":[{"index":0,"delta":{"content":42,"tool_calls":null}}]}""", "Hello")]
    public async Task Odd_events_are_no_cut(string odd, string text)
    {
        var answered = await Answers(ModelProvider.OpenAI, Events(Hello, odd, Chunk("{}", "\"stop\""), UsageChunk, Done));

        Assert.Equal((text, Counted), (answered.Text, answered.Usage));
    }

    [Fact]
    public async Task Framing_may_be_sloppy()
    {
        var sloppy = FakeReply.Sends(
            "\uFEFF:comment\r\n\r\ndata:", Hello, "\r\nid: 1\nretry: 10\nevent: message\r\ndata: ", Chunk("""{"content":"!"}"""), "\ndata:\n\n",
            "data: {\"choices\":\ndata: [{\"delta\":{\"content\":\"?\"},\n", "data: \"finish_reason\":\"stop\"}]}\n\ndata: ", UsageChunk);

        var answered = await Answers(ModelProvider.OpenAI, sloppy);

        Assert.Equal(("Hello!?", Counted), (answered.Text, answered.Usage));
    }

    [Fact]
    public async Task A_stream_that_ends_with_DONE_alone_is_whole()
    {
        var answered = await Answers(ModelProvider.OpenAI, Events(Hello, Done));

        Assert.Equal(("Hello", "stop"), (answered.Text, answered.FinishReason));
    }

    [Fact]
    public async Task A_pair_that_a_server_splits_between_two_pieces_comes_out_whole()
    {
        var deltas = new List<string>();

        var answered = await Answers(
            ModelProvider.OpenAI,
            Events(Chunk("""{"content":"a\ud83d"}"""), Chunk("""{"content":"\ude00b"}"""), Chunk("{}", "\"stop\""), Done), deltas.Add);

        Assert.Equal(("a😀b", "a😀b"), (answered.Text, string.Concat(deltas)));
    }

    [Fact]
    public async Task A_whole_reply_whose_stream_stays_open_ends_after_seconds()
    {
        var since = Stopwatch.GetTimestamp();

        var answered = await Answers(ModelProvider.OpenAI, Events(Hello, Chunk("{}", "\"stop\""), UsageChunk) with { StaysOpen = true });

        Assert.Equal(("Hello", Counted), (answered.Text, answered.Usage));
        Assert.InRange(Stopwatch.GetElapsedTime(since).TotalSeconds, 0, ModelLimits.AfterTheEnd.TotalSeconds + 10);
    }

    [Fact]
    public async Task A_reason_that_comes_with_every_piece_ends_nothing()
    {
        var pieces = Enumerable.Range(0, 5).Select(n => Chunk($$"""{"content":"{{n}}"}""", "\"stop\""));

        var answered = await Answers(ModelProvider.OpenAI, Events([.. pieces, UsageChunk]) with { BetweenFrames = TimeSpan.FromSeconds(1) });

        Assert.Equal(("01234", Counted), (answered.Text, answered.Usage));
    }

    [Fact]
    public async Task Of_two_reasons_the_one_that_says_more_counts()
    {
        var answered = await Answers(ModelProvider.OpenAI, Events(Chunk("""{"content":"a"}""", "\"stop\""), Chunk("{}", "\"length\""), UsageChunk));

        Assert.Equal(("a", "length"), (answered.Text, answered.FinishReason));
    }

    [Theory, MemberData(nameof(ProviderTests.Providers), MemberType = typeof(ProviderTests))]
    public async Task A_reply_that_says_it_is_over_is_not_waited_for(ModelProvider provider)
    {
        var reply = FakeReply.Answer("Hello", new(10, 5)) with { StaysOpen = true };

        var answered = await Answers(provider, reply);

        Assert.Equal(("Hello", Counted), (answered.Text, answered.Usage));
        Assert.True(answered.Latency < ModelLimits.AfterTheEnd, $"It took {answered.Latency}.");
    }

    [Theory]
    [InlineData("<think>hmm</think>Hello", "Hello", 3)]
    [InlineData("\n<think>\nhmm\n</think>\n\nHello <think> you", "Hello <think> you", 5)]
    [InlineData("<THINKING>a</THINKING> <think>b</think>\nHello", "Hello", 2)]
    [InlineData("<think></think>Hello", "Hello", 0)]
    [InlineData("  <thin ice>", "  <thin ice>", 0)]
    [InlineData("Hello <think>hmm</think>", "Hello <think>hmm</think>", 0)]
    public async Task A_leading_thought_is_no_text_however_it_is_cut_into_pieces(string said, string text, long thought)
    {
        for (var length = 1; length <= said.Length; length++)
        {
            var deltas = new List<string>();
            var answered = await Answers(ModelProvider.OpenAI, FakeReply.Answer(said, new(10, 5)) with { PieceLength = length }, deltas.Add);

            Assert.Equal((length, text, text, thought), (length, answered.Text, string.Concat(deltas), answered.ThoughtCharacters));
        }
    }

    [Theory]
    [InlineData("hmm</think>Hello", "Hello", 3)]
    [InlineData("hmm\n</think>\n\nHello </think> you", "Hello </think> you", 4)]
    [InlineData("a</THINKING> Hello", "Hello", 1)]
    [InlineData("Write `</think>` then.", "Write `</think>` then.", 0)]
    [InlineData("```\n</think>\n```", "```\n</think>\n```", 0)]
    [InlineData("Say <think>hmm</think>", "Say <think>hmm</think>", 0)]
    public async Task Thought_whose_beginning_the_server_swallowed_is_no_text_and_is_taken_back(string said, string text, long thought)
    {
        for (var length = 1; length <= said.Length; length++)
        {
            var deltas = new List<string>();
            var answered = await Answers(ModelProvider.OpenAI, FakeReply.Answer(said, new(10, 5)) with { PieceLength = length }, deltas.Add);

            Assert.Equal((length, text, thought), (length, answered.Text, answered.ThoughtCharacters));
            Assert.Equal(answered.TakenBackCharacters > 0 ? said[..answered.TakenBackCharacters] : text, string.Concat(deltas));
        }
    }

    [Fact]
    public async Task The_next_reply_of_a_model_whose_reply_began_within_a_thought_shows_its_answer_alone()
    {
        await using var fake = await FakeProvider.Start();
        string[] replies = ["hmm</think>Hello", "hmm</think>Hello", "No thought.", "hmm</think>Hello"];
        fake.Script([.. replies.Select(reply => FakeReply.Answer(reply, new(10, 5)) with { PieceLength = 3 })]);
        var options = Options(ModelProvider.OpenAI, fake.Address);
        using var client = ChatClients.Create(options);

        var shown = new List<string>();
        foreach (var _ in replies)
        {
            var deltas = new List<string>();
            var outcome = await ModelCall.Run(client, [new(ChatRole.User, "Hello")], new(), options, deltas.Add, default);
            shown.Add($"{string.Concat(deltas)}: {Assert.IsType<ModelOutcome.Answered>(outcome).Text}");
        }

        // The third had no thought, so the fourth is shown at once, as the first was.
        Assert.Equal(["hmm</thin: Hello", "Hello: Hello", "No thought.: No thought.", "hmm</thin: Hello"], shown);
    }

    [Theory]
    [InlineData("""{"\ud800":1,"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}""")]
    [InlineData("""{"tier":"\udc00","prompt_tokens":10,"completion_tokens":5,"total_tokens":15}""")]
    [InlineData("""{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"\ud800":"\ud800","cached_tokens":0}}""")]
    public async Task Half_of_a_surrogate_pair_in_a_usage_report_is_no_count_and_takes_none_away(string usage)
    {
        var chunk = $$"""{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{{usage}}}""";

        var answered = await Answers(ModelProvider.OpenAI, Events(Chunk("""{"content":"Hello"}"""), Chunk("{}", "\"stop\""), chunk, Done));

        Assert.Equal(("Hello", Counted), (answered.Text, answered.Usage));
        Assert.Equal(Sanitiser.Text(answered.RawUsage!, int.MaxValue), answered.RawUsage);
    }

    [Theory]
    [InlineData("""{\"word\":\"a\\ud800b\"}""", """{\"word\": \"a\\ud800b\"}""")] // said again, and written otherwise
    [InlineData("""{\"word\":\"a\ud800b\"}""", """{\"word\":\"a\ud800b\"}""")]
    public async Task Half_of_a_surrogate_pair_in_arguments_is_no_error(string arguments, string again)
    {
        var calls = new[] { arguments, again }.Select(written =>
            Tool($$$"""{"index":0,"id":"a","type":"function","function":{"name":"add","arguments":"{{{written}}}"}}"""));

        var answered = await Answers(ModelProvider.OpenAI, Events([.. calls, Chunk("{}", "\"tool_calls\""), UsageChunk, Done]));

        Assert.All(answered.ToolRequests, request => Assert.Equal("add", request.Tool));
        Assert.All(answered.ToolRequests, request => Assert.Equal(Sanitiser.Text(request.Arguments, int.MaxValue), request.Arguments));
        Assert.InRange(answered.ToolRequests.Count, 1, 2);
    }

    [Fact]
    public async Task A_reply_that_is_an_unopened_thought_alone_is_empty()
    {
        var failed = await Fails(ModelProvider.OpenAI, FakeReply.Answer("hmm</think>\n", new(10, 5)));

        Assert.Equal(FailureKind.EmptyReply, failed.Failure.Kind);
        Assert.Contains("3 characters of thought", failed.Failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ModelProvider.Ollama, """{"model":"m","created_at":"now","message":{"role":"assistant","thinking":"hmm","content":""},"done":false}""")]
    [InlineData(ModelProvider.OpenAI, """{"choices":[{"index":0,"delta":{"reasoning_content":"hmm"}}]}""")]
    [InlineData(ModelProvider.OpenAI, """{"choices":[{"index":0,"delta":{"reasoning":"hmm","reasoning_details":[{"text":"hmm"}]}}]}""")]
    public async Task Thought_beside_the_text_is_counted_once_also_when_the_reply_breaks_off(ModelProvider provider, string thought)
    {
        var failed = await Fails(provider, provider is ModelProvider.Ollama ? FakeReply.Sends(thought + "\n") : Events(thought));

        Assert.Equal((FailureKind.StreamCut, 3, null), (failed.Failure.Kind, failed.ReceivedCharacters, failed.Text));
    }

    static async Task<ModelOutcome.Answered> Answers(ModelProvider provider, FakeReply reply, Action<string>? onDelta = null)
    {
        await using var fake = await FakeProvider.Start();
        var outcome = await Call(provider, fake.Script(reply), onDelta: onDelta);
        return outcome is ModelOutcome.Failed failed
            ? throw new InvalidOperationException($"{failed.Failure.Kind}: {failed.Failure.Message}")
            : Assert.IsType<ModelOutcome.Answered>(outcome);
    }

    static async Task<ModelOutcome.Failed> Fails(ModelProvider provider, FakeReply reply)
    {
        await using var fake = await FakeProvider.Start();
        return Assert.IsType<ModelOutcome.Failed>(await Call(provider, fake.Script(reply)));
    }
}
