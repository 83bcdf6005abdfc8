using System.Data.Common;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Models;
using Agents.Host.Tools;
using Microsoft.Extensions.AI;

namespace Agents.Host.Tests.Models;

public sealed class ModelCallTests
{
    static readonly JsonSerializerOptions Deeper = new() { MaxDepth = 200 };

    [Fact]
    public async Task A_pair_split_between_two_pieces_comes_out_whole()
    {
        var deltas = new List<string>();

        var answered = Answered(await Run(deltas.Add, Text("a\uD83D"), Text("\uDE00b\uD83D"), Text("c\uD83D"), Stop()));

        Assert.Equal("a😀b\uFFFDc\uFFFD", answered.Text);
        Assert.Equal(answered.Text, string.Concat(deltas));
        Assert.All(deltas, delta => Assert.Equal(delta, Sanitiser.Text(delta, 100)));
    }

    [Fact]
    public async Task Text_beyond_the_limit_is_cut_and_the_usage_still_read()
    {
        var received = 0;
        var chunk = new string('x', 100_001);

        var answered = Answered(await Run(delta => received += delta.Length, Text(chunk), Text(chunk), Text(chunk), Text(chunk),
            Stop(usage: new() { InputTokenCount = 1, OutputTokenCount = 2 })));

        Assert.Equal(ModelLimits.Text, answered.Text.Length);
        Assert.Equal(ModelLimits.Text, received);
        Assert.Equal(("length", true, new Usage(1, 2)), (answered.FinishReason, answered.Cut, answered.Usage));
    }

    [Fact]
    public async Task What_was_read_of_a_reply_is_let_go_while_the_rest_of_it_comes()
    {
        var client = new Talkative();
        using var observed = client.AsBuilder().UseOpenTelemetry().Build(); // as the server's clients are

        var answered = Answered(await ModelCall.Run(
            observed, [new(ChatRole.User, "Talk.")], new(), new() { Provider = ModelProvider.Offline, Default = "m" }, null, CancellationToken.None));

        Assert.Equal(("length", true), (answered.FinishReason, answered.Cut));
        Assert.True(client.Early.Count > 100);
        Assert.InRange(client.EarlyAlive, 0, 5); // a piece that is being worked on may be there
    }

    /// <summary>Says more than is taken in, and looks before its end how much of the beginning is still held.</summary>
    sealed class Talkative : IChatClient
    {
        public List<WeakReference> Early { get; } = [];

        public int EarlyAlive { get; private set; }

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            for (var piece = 0; piece < 400; piece++)
            {
                yield return Piece(piece < 200);
                await Task.Yield();
            }

            GC.Collect();
            EarlyAlive = Early.Count(text => text.IsAlive);
            yield return new(ChatRole.Assistant, []) { FinishReason = ChatFinishReason.Stop };
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        ChatResponseUpdate Piece(bool isEarly)
        {
            var text = new TextContent(new string('x', 1_000));
            if (isEarly) Early.Add(new(text));
            return new(ChatRole.Assistant, [text]);
        }

        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose() { }
    }

    [Fact]
    public async Task Arguments_that_could_not_be_written_again_are_handed_on_as_no_JSON()
    {
        var half = JsonSerializer.Deserialize<Dictionary<string, object?>>("""{"word": "a\ud800b"}""")!;
        var deep = JsonSerializer.Deserialize<Dictionary<string, object?>>($$"""{"word": {{new string('[', 80)}}{{new string(']', 80)}}}""", Deeper)!;

        var answered = Answered(await Run(null, Calls("repeat", half), Calls("repeat", deep), Stop()));

        Assert.Equal(2, answered.ToolRequests.Count);
        Assert.Equal("unreadable", answered.ToolRequests[0].Arguments);
        Assert.Null(ToolBox.ArgumentsOf(answered.ToolRequests[1].Arguments));
    }

    [Fact]
    public async Task A_thousand_tool_calls_become_as_many_as_are_allowed()
    {
        var answered = Answered(await Run(null, [.. Enumerable.Range(0, 1000).Select(i => Calls($"t{i}", new() { ["i"] = i })), Stop()]));

        Assert.Equal(ModelLimits.ToolRequests, answered.ToolRequests.Count);
        Assert.Equal(new ToolRequest("t0", """{"i":0}"""), answered.ToolRequests[0]);
        Assert.True(answered.Cut);
    }

    [Fact]
    public async Task A_thousand_written_tool_calls_become_as_many_as_are_allowed()
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(FakeReply.Calls([.. Enumerable.Range(0, 1000).Select(i => new FakeToolCall($"t{i}", "{}"))]));

        var answered = Answered(await ModelCalls.Call(ModelProvider.OpenAI, fake));

        Assert.Equal((ModelLimits.ToolRequests, "t63", true), (answered.ToolRequests.Count, answered.ToolRequests[^1].Tool, answered.Cut));
    }

    [Fact]
    public async Task What_belongs_to_a_call_that_is_not_taken_in_spoils_no_other()
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(Said.Events([
            .. Enumerable.Range(0, ModelLimits.ToolRequests + 1).SelectMany(number => new[]
            {
                Said.Tool($$$"""{"index":0,"id":"c{{{number}}}","function":{"name":"t","arguments":""}}"""),
                Said.Tool($$$"""{"index":0,"function":{"arguments":"{\"n\":{{{number}}}}"}}"""),
            }),
            Said.Chunk("{}", "\"tool_calls\""), Said.Done]));

        var answered = Answered(await ModelCalls.Call(ModelProvider.OpenAI, fake));

        Assert.Equal((ModelLimits.ToolRequests, """{"n":63}""", true), (answered.ToolRequests.Count, answered.ToolRequests[^1].Arguments, answered.Cut));
    }

    [Fact]
    public async Task Arguments_beyond_the_limit_are_cut()
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(FakeReply.Calls(new FakeToolCall("t", new string('x', ModelLimits.Arguments + 100))),
            FakeReply.Calls(new FakeToolCall("t", new string('x', ModelLimits.Arguments))));

        var cut = Answered(await ModelCalls.Call(ModelProvider.Anthropic, fake));
        var fits = Answered(await ModelCalls.Call(ModelProvider.Anthropic, fake));

        Assert.Equal((ModelLimits.Arguments, true), (cut.ToolRequests[0].Arguments.Length, cut.Cut));
        Assert.Equal((ModelLimits.Arguments, false), (fits.ToolRequests[0].Arguments.Length, fits.Cut));
    }

    [Fact]
    public async Task A_line_too_long_for_the_memory_cuts_the_stream()
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(FakeReply.Answer("x", new(1, 1)) with { Model = new string('m', ModelLimits.WireLineBytes) });

        Assert.Equal(FailureKind.StreamCut, Failed(await ModelCalls.Call(ModelProvider.OpenAI, fake)).Failure.Kind);
    }

    [Fact]
    public async Task A_reply_too_long_for_the_wire_is_cut()
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(FakeReply.Answer(new string('x', 700), new(1, 1)) with { Model = new string('m', 1024 * 1024) }); // a mebibyte per piece

        var failed = Failed(await ModelCalls.Call(ModelProvider.OpenAI, fake));

        Assert.Equal(FailureKind.StreamCut, failed.Failure.Kind);
        Assert.InRange(failed.ReceivedCharacters, 350, 64 * 7);
    }

    [Fact]
    public async Task Names_and_arguments_are_clean()
    {
        var answered = Answered(await Run(null, Calls("t\0ool\uD83D", new() { ["q"] = "a\0b" }), Stop()));

        var request = Assert.Single(answered.ToolRequests);
        Assert.Equal("tool\uFFFD", request.Tool);
        Assert.DoesNotContain('\0', request.Arguments);
    }

    [Fact]
    public async Task Citations_come_with_their_title_and_snippet()
    {
        var cited = new TextContent(
            "Paris [1].") { Annotations = [new CitationAnnotation { Title = "Geo\0graphy", Snippet = "Paris is the capital." }] };

        Assert.Equal([new CitedSource("Geography", "Paris is the capital.")],
            Answered(await Run(null, new ChatResponseUpdate(ChatRole.Assistant, [cited]), Stop())).Citations);
    }

    [Fact]
    public async Task A_stream_without_a_finish_reason_was_cut()
    {
        var failed = Failed(await Run(null, Text("half an ans")));

        Assert.Equal(new Failure(FailureKind.StreamCut, "The reply ended without a finish reason."), failed.Failure);
        Assert.Equal(11, failed.ReceivedCharacters);
    }

    [Fact]
    public async Task An_empty_stream_was_cut() => Assert.Null(Failed(await Run(null)).TimeToFirstToken);

    [Fact]
    public async Task The_model_asked_for_answers_when_the_provider_does_not_say() =>
        Assert.Equal("default-model", Answered(await Run(null, Text("x"), Stop())).Model);

    [Fact]
    public async Task Our_own_faults_propagate()
    {
        await Assert.ThrowsAsync<DatabaseDown>(() => Run(null, Text("x"), new DatabaseDown()));
        await Assert.ThrowsAsync<DivideByZeroException>(() => Run(_ => throw new DivideByZeroException(), Text("x"), Stop()));
    }

    [Fact]
    public async Task What_an_SDK_throws_before_the_reply_is_a_failure_with_its_words()
    {
        var failure = Failed(await Run(null, new ArgumentOutOfRangeException("role", "Unknown ChatMessageRole value."))).Failure;

        Assert.Equal(FailureKind.StreamCut, failure.Kind);
        Assert.Contains("Unknown ChatMessageRole value.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_had_come_of_a_reply_that_broke_off_is_kept_within_bounds()
    {
        var failed = Failed(await Run(null, Text("It is"), new IOException("gone")));
        var longer = Failed(await Run(null, Text(new string('x', ModelLimits.TextSoFar + 1)), new IOException("gone")));

        Assert.Equal("It is", failed.Text);
        Assert.Equal(ModelLimits.TextSoFar, longer.Text!.Length);
        Assert.Null(Failed(await Run(null, new IOException("gone"))).Text);
    }

    [Fact]
    public async Task What_an_SDK_throws_in_the_middle_of_a_reply_is_a_cut_stream() =>
        Assert.Equal(FailureKind.StreamCut, Failed(await Run(null, Text("x"), new ArgumentOutOfRangeException("finish_reason"))).Failure.Kind);

    [Fact]
    public async Task A_client_that_ignores_its_token_is_left_behind()
    {
        var options = new ModelOptions { FirstTokenTimeout = TimeSpan.FromSeconds(0.2) };

        var failed = Failed(await ModelCall.Run(new Deaf(), [], new(), options, null, default));

        Assert.Equal(FailureKind.Timeout, failed.Failure.Kind);
        Assert.InRange(failed.Latency.TotalSeconds, 0.15, 5);
    }

    [Fact]
    public async Task The_first_token_has_its_own_limit_and_the_rest_the_limit_of_the_call()
    {
        var options = new ModelOptions { FirstTokenTimeout = TimeSpan.FromSeconds(0.5), CallTimeout = TimeSpan.FromSeconds(30) };

        var answered = Answered(await ModelCall.Run(
            new Scripted([Text("a"), TimeSpan.FromSeconds(0.8), Text("b"), Stop()]), [], new(), options, null, default));

        Assert.Equal("ab", answered.Text);
        Assert.True(answered.TimeToFirstToken < TimeSpan.FromSeconds(0.5) && answered.Latency > TimeSpan.FromSeconds(0.7));
    }

    static ModelOutcome.Answered Answered(ModelOutcome outcome) => Assert.IsType<ModelOutcome.Answered>(outcome);

    static ModelOutcome.Failed Failed(ModelOutcome outcome) => Assert.IsType<ModelOutcome.Failed>(outcome);

    static Task<ModelOutcome> Run(Action<string>? onDelta, params object[] script) =>
        ModelCall.Run(new Scripted(script), [], new(), new() { Default = "default-model" }, onDelta, default);

    static ChatResponseUpdate Text(string text) => new(ChatRole.Assistant, text);

    static ChatResponseUpdate Calls(string tool, Dictionary<string, object?> arguments) =>
        new(ChatRole.Assistant, [new FunctionCallContent("id", tool, arguments)]);

    static ChatResponseUpdate Stop(UsageDetails? usage = null) =>
        new(ChatRole.Assistant, usage is null ? [] : [new UsageContent(usage)]) { FinishReason = ChatFinishReason.Stop };

    sealed class DatabaseDown : DbException;

    /// <summary>Yields updates, waits for time spans, throws exceptions.</summary>
    sealed class Scripted(IEnumerable<object> script) : IChatClient
    {
        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            foreach (var part in script)
                if (part is Exception e) throw e;
                else if (part is TimeSpan wait) await Task.Delay(wait, cancellationToken);
                else yield return (ChatResponseUpdate)part;
        }

        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose() { }
    }

    sealed class Deaf : IChatClient
    {
        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.Infinite, CancellationToken.None);
            yield break;
        }

        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose() { }
    }
}
