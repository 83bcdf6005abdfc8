using System.Text.Json;
using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Models;
using Microsoft.Extensions.AI;
using static Agents.Host.Tests.Models.ModelCalls;

namespace Agents.Host.Tests.Models;

/// <summary>Every provider's real SDK over real HTTP, against <see cref="FakeProvider"/>.</summary>
public sealed class ProviderTests
{
    public static TheoryData<ModelProvider> Providers =>
        [ModelProvider.OpenAI, ModelProvider.Azure, ModelProvider.Anthropic, ModelProvider.Ollama];

    [Theory, MemberData(nameof(Providers))]
    public async Task A_text_answer_comes_with_its_usage(ModelProvider provider)
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(FakeReply.Answer("Paris is the capital of France. 😀", new(40, 9)) with { Model = "m-2026" });
        var deltas = new List<string>();

        var answered = Assert.IsType<ModelOutcome.Answered>(await Call(provider, fake, onDelta: deltas.Add));

        Assert.Equal("Paris is the capital of France. 😀", answered.Text);
        Assert.Equal(answered.Text, string.Concat(deltas));
        Assert.True(deltas.Count > 1);
        Assert.Equal(new Usage(40, 9), answered.Usage);
        Assert.NotNull(answered.RawUsage);
        Assert.Null(answered.UsageNote);
        Assert.Equal("m-2026", answered.Model);
        Assert.Equal("stop", answered.FinishReason);
        Assert.NotNull(answered.ProviderId);
        Assert.Empty(answered.ToolRequests);
        Assert.False(answered.Cut);
        Assert.True(answered.TimeToFirstToken > TimeSpan.Zero && answered.TimeToFirstToken <= answered.Latency);
    }

    [Fact]
    public Task OpenAIs_cache_and_reasoning_tokens_are_taken_out_of_its_totals() => Buckets(
        ModelProvider.OpenAI, new(100, 20, 300, 50, 0, 70), new(100, 20, 300, 50, 0, 70));

    [Fact]
    public Task Azures_cache_and_reasoning_tokens_are_taken_out_of_its_totals() => Buckets(
        ModelProvider.Azure, new(100, 20, 300, 50, 0, 70), new(100, 20, 300, 50, 0, 70));

    [Fact]
    public Task Anthropics_cache_writes_are_told_apart_by_their_lifetime() => Buckets(
        ModelProvider.Anthropic, new(100, 20, 300, 50, 60, 7), new(100, 20, 300, 50, 60, 7));

    [Fact]
    public Task Ollamas_counts_are_plain() => Buckets(ModelProvider.Ollama, new(100, 20), new(100, 20));

    [Theory, MemberData(nameof(Providers))]
    public async Task A_tool_call_goes_there_and_back(ModelProvider provider)
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(
            FakeReply.Calls(
                new("search_documents", """{"query":"capital of France","limit":3}"""), new("search_documents", """{"query":"é \"x\""}""")),
            FakeReply.Answer("Paris [1].", new(1, 1)));

        var asked = Assert.IsType<ModelOutcome.Answered>(await Call(provider, fake));
        var answered = Assert.IsType<ModelOutcome.Answered>(await Call(provider, fake, messages:
        [
            new(ChatRole.User, "What is the capital of France?"),
            new(ChatRole.Assistant, [
                new FunctionCallContent("a", "search_documents", new Dictionary<string, object?> { ["query"] = "capital of France" }),
                new FunctionCallContent("b", "search_documents", new Dictionary<string, object?> { ["query"] = "é" })]),
            new(ChatRole.Tool, [new FunctionResultContent("a", "PASSAGE-ONE"), new FunctionResultContent("b", "PASSAGE-TWO")]),
        ]));

        Assert.Equal("tool_calls", provider == ModelProvider.Ollama ? "tool_calls" : asked.FinishReason);
        Assert.Equal(
            [("search_documents", "capital of France"), ("search_documents", "é \"x\"")],
            asked.ToolRequests.Select(request =>
                (request.Tool, JsonDocument.Parse(request.Arguments).RootElement.GetProperty("query").GetString()!)));
        Assert.Equal("", asked.Text);
        Assert.Equal("Paris [1].", answered.Text);
        Assert.Contains("search_documents", fake.Requests[0].Json.GetProperty("tools").GetRawText(), StringComparison.Ordinal);
        Assert.Contains("PASSAGE-ONE", fake.Requests[1].Body, StringComparison.Ordinal);
        Assert.Contains("PASSAGE-TWO", fake.Requests[1].Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ModelProvider.OpenAI)]
    [InlineData(ModelProvider.Azure)]
    [InlineData(ModelProvider.Anthropic)]
    public async Task Tool_arguments_are_kept_as_the_model_wrote_them_even_when_they_are_no_json(ModelProvider provider)
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(
            FakeReply.Calls(new("search_documents", """{"query": "broken"""), new("ping", ""), new("search_documents", """{ "query" :  1e2 }""")));

        var asked = Assert.IsType<ModelOutcome.Answered>(await Call(provider, fake));

        Assert.Equal(["""{"query": "broken""", "{}", """{ "query" :  1e2 }"""], asked.ToolRequests.Select(request => request.Arguments));
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_refused_key_is_unauthorized_and_never_repeated_in_the_message(ModelProvider provider)
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(FakeReply.Error(401, $"Incorrect API key provided: {Key}, sk-proj-abc123. Sent: Bearer abcdef"));

        var failure = await Fails(provider, fake);

        Assert.Equal(FailureKind.Unauthorized, failure.Kind);
        Assert.StartsWith("HTTP 401: Incorrect API key provided: [redacted]", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("abc", failure.Message, StringComparison.Ordinal);
        Assert.Single(fake.Requests);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task Too_many_requests_is_one_request_and_says_how_long_to_wait(ModelProvider provider)
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(FakeReply.Error(429, "Slow down.", retryAfter: "7")).Otherwise(_ => FakeReply.Answer("retried by the SDK"));

        var failure = await Fails(provider, fake);

        Assert.Equal(new Failure(FailureKind.RateLimited, "HTTP 429: Slow down.", TimeSpan.FromSeconds(7)), failure);
        Assert.Single(fake.Requests);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task An_error_of_the_server_is_one_request(ModelProvider provider)
    {
        foreach (var status in new[] { 500, 502, 503, 529 })
        {
            await using var fake = await FakeProvider.Start();
            fake.Script(FakeReply.Error(status, "Oh no.")).Otherwise(_ => FakeReply.Answer("retried by the SDK"));

            Assert.Equal(new Failure(FailureKind.Unavailable, $"HTTP {status}: Oh no."), await Fails(provider, fake));
            Assert.Single(fake.Requests);
        }
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_connection_lost_before_the_answer_is_one_request_also_on_a_connection_used_before(ModelProvider provider)
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(new() { Drops = true }, FakeReply.Answer("x", new(1, 1)), new() { Drops = true });
        var options = Options(provider, fake.Address);
        using var client = ChatClients.Create(options);

        var outcomes = new List<ModelOutcome>();
        for (var i = 0; i < 3; i++) outcomes.Add(await ModelCall.Run(client, [new(ChatRole.User, "x")], new(), options, null, default));

        Assert.Equal(FailureKind.Unavailable, Assert.IsType<ModelOutcome.Failed>(outcomes[0]).Failure.Kind);
        Assert.IsType<ModelOutcome.Answered>(outcomes[1]);
        Assert.Equal(FailureKind.Unavailable, Assert.IsType<ModelOutcome.Failed>(outcomes[2]).Failure.Kind);
        Assert.Equal(3, fake.Requests.Count);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_refused_request_carries_the_providers_words(ModelProvider provider)
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(
            FakeReply.Error(400, "max_tokens is too large"), FakeReply.Error(404, "no such model"), FakeReply.Error(413, new string('x', 9000)),
            FakeReply.Error(408, "late"), new() { Status = 302, Headers = new Dictionary<string, string> { ["Location"] = "http://127.0.0.1:1/" } });

        Assert.Equal(new(FailureKind.Rejected, "HTTP 400: max_tokens is too large"), await Fails(provider, fake));
        Assert.Equal(new(FailureKind.Rejected, "HTTP 404: no such model"), await Fails(provider, fake));
        Assert.Equal(ModelLimits.FailureMessage, (await Fails(provider, fake)).Message.Length);
        Assert.Equal(new(FailureKind.Timeout, "HTTP 408: late"), await Fails(provider, fake));
        Assert.Equal(FailureKind.Rejected, (await Fails(provider, fake)).Kind);
        Assert.Equal(5, fake.Requests.Count);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_reply_cut_anywhere_before_its_end_is_a_cut_stream(ModelProvider provider)
    {
        var reply = FakeReply.Answer("A long enough answer to be cut in the middle of it.", new(10, 10));
        foreach (var stop in new[] { FakeStop.Cut, FakeStop.End })
            foreach (var bytes in new[] { 1, 100, 250, 500, 700 })
            {
                await using var fake = await FakeProvider.Start();
                fake.Script(reply with { StopAfterBytes = bytes, Stop = stop });

                var failed = Assert.IsType<ModelOutcome.Failed>(await Call(provider, fake));

                Assert.Equal((FailureKind.StreamCut, bytes, stop), (failed.Failure.Kind, bytes, stop));
                Assert.Single(fake.Requests);
            }
    }

    [Fact]
    public async Task What_a_provider_had_counted_before_its_reply_was_cut_is_kept()
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(
            FakeReply.Answer("A long enough answer to be cut in the middle of it.", new(40, 9)) with { Model = "m-2026", StopAfterBytes = 700 });

        var failed = Assert.IsType<ModelOutcome.Failed>(await Call(ModelProvider.Anthropic, fake)); // which counts the input first

        Assert.Equal((40, "m-2026"), (failed.Usage?.InputTokens, failed.Model));
    }

    [Theory]
    [InlineData(ModelProvider.OpenAI)]
    [InlineData(ModelProvider.Azure)]
    public async Task A_reply_cut_after_its_finish_reason_is_complete_but_its_usage_unknown(ModelProvider provider)
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(FakeReply.Calls(new FakeToolCall("search_documents", """{"query":"a"}""")) with { StopAfterBytes = 1200 });

        var answered = Assert.IsType<ModelOutcome.Answered>(await Call(provider, fake));

        Assert.Equal(new ToolRequest("search_documents", """{"query":"a"}"""), Assert.Single(answered.ToolRequests));
        Assert.Null(answered.Usage);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_provider_that_says_nothing_times_out(ModelProvider provider)
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(FakeReply.Silence);

        var failure = await Fails(provider, fake, firstToken: 2);

        Assert.Equal(new Failure(FailureKind.Timeout, "No first token within 2 s."), failure);
        Assert.Single(fake.Requests);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_reply_that_stops_in_the_middle_times_out(ModelProvider provider)
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(
            FakeReply.Answer("A long enough answer to hang in the middle of it.", new(1, 1)) with { StopAfterBytes = 900, Stop = FakeStop.Hang });

        var failed = Assert.IsType<ModelOutcome.Failed>(await Call(provider, fake, callTimeout: 1.5));

        Assert.Equal(new Failure(FailureKind.Timeout, "No complete reply within 1.5 s."), failed.Failure);
        Assert.NotNull(failed.TimeToFirstToken);
        Assert.True(failed.ReceivedCharacters > 0);
        Assert.InRange(failed.Latency.TotalSeconds, 1.4, 10);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task Cancelling_is_no_failure(ModelProvider provider)
    {
        foreach (var bytes in new int?[] { null, 900 })
        {
            await using var fake = await FakeProvider.Start();
            fake.Script(bytes is null
                ? FakeReply.Silence : FakeReply.Answer(new string('a', 100), new(1, 1)) with { StopAfterBytes = bytes, Stop = FakeStop.Hang });
            using var cancel = new CancellationTokenSource(TimeSpan.FromSeconds(0.4));

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Call(provider, fake, ct: cancel.Token));
        }
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_reply_without_usage_has_unknown_usage(ModelProvider provider)
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(FakeReply.Answer("Free?"));

        var answered = Assert.IsType<ModelOutcome.Answered>(await Call(provider, fake));

        Assert.Equal(("Free?", null), (answered.Text, answered.Usage));
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task Usage_that_cannot_be_true_is_unknown_and_the_answer_stands(ModelProvider provider)
    {
        foreach (var number in new[] { "-5", "9223372036854775807", "9223372036854775808", "1e300", "2.5" })
        {
            await using var fake = await FakeProvider.Start();
            fake.Script(FakeReply.Answer("Answer.") with
            {
                RawUsage = provider switch
                {
                    ModelProvider.Anthropic => $$"""{"input_tokens":{{number}},"output_tokens":1}""",
                    ModelProvider.Ollama => $$"""{"prompt_eval_count":{{number}},"eval_count":1}""",
                    _ => $$"""{"prompt_tokens":{{number}},"completion_tokens":1,"total_tokens":2}""",
                },
            });

            var answered = Assert.IsType<ModelOutcome.Answered>(await Call(provider, fake));

            Assert.Equal((number, "Answer.", null), (number, answered.Text, answered.Usage));
        }
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task Text_a_store_cannot_keep_never_arrives(ModelProvider provider)
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(FakeReply.Answer("12345😀, \0NUL", new(1, 1)), FakeReply.Answer("lone \uD83D end", new(1, 1)));
        var deltas = new List<string>();

        var clean = Assert.IsType<ModelOutcome.Answered>(await Call(provider, fake, onDelta: deltas.Add));
        var lone = await Call(provider, fake);

        Assert.DoesNotContain('\0', string.Concat(deltas));
        Assert.EndsWith("NUL", clean.Text, StringComparison.Ordinal);
        Assert.Equal("lone \uFFFD end", Assert.IsType<ModelOutcome.Answered>(lone).Text);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_strange_reply_is_an_answer_or_a_cut_stream_and_never_an_exception(ModelProvider provider)
    {
        foreach (var reply in new[]
                 {
                     FakeReply.Answer("x", new(1, 1)) with { FinishReason = "eos_of_a_strange_server" },
                     FakeReply.Answer("x") with { RawUsage = "[]" },
                     FakeReply.Answer("x") with { RawUsage = "{}" },
                     FakeReply.Answer("x", new(1, 1)) with { Model = "\0" },
                 })
        {
            await using var fake = await FakeProvider.Start();
            fake.Script(reply);

            var outcome = await Call(provider, fake);

            if (outcome is ModelOutcome.Answered answered) Assert.Equal("the-model", answered.Model);
            else Assert.Equal(FailureKind.StreamCut, Assert.IsType<ModelOutcome.Failed>(outcome).Failure.Kind);
        }
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_step_may_ask_for_another_model(ModelProvider provider)
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(FakeReply.Answer("x"));

        await Call(provider, fake, model: "another");

        if (provider == ModelProvider.Azure) Assert.StartsWith("/openai/deployments/another/", fake.Requests[0].Path, StringComparison.Ordinal);
        else Assert.Equal("another", fake.Requests[0].Model);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task The_key_goes_into_one_header_and_nowhere_else(ModelProvider provider)
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(FakeReply.Answer("x", new(1, 1)));

        await Call(provider, fake);

        var request = Assert.Single(fake.Requests);
        Assert.DoesNotContain(Key, request.Path + request.Body, StringComparison.Ordinal);
        Assert.Equal(
            provider switch { ModelProvider.Azure => [$"api-key: {Key}"], ModelProvider.Ollama => [], _ => [$"Authorization: Bearer {Key}"] },
            request.Headers.Where(header => header.Value.Contains(Key, StringComparison.Ordinal)).Select(header => $"{header.Key}: {header.Value}"));
    }

    [Fact]
    public async Task Anthropic_is_not_told_how_to_sample()
    {
        await using var fake = await FakeProvider.Start();
        var options = Options(ModelProvider.Anthropic, fake.Address);

        await ModelCall.Run(
            ChatClients.Create(options), [new(ChatRole.User, "x")], new() { Temperature = 0, TopP = 1, TopK = 1 }, options, null, default);

        Assert.Equal(["max_tokens", "messages", "model", "stream"], Assert.Single(fake.Requests).Json.EnumerateObject().Select(p => p.Name).Order());
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task Nobody_at_home_is_unavailable(ModelProvider provider)
    {
        var fake = await FakeProvider.Start();
        var address = fake.Address;
        await fake.DisposeAsync();

        var failed = Assert.IsType<ModelOutcome.Failed>(await Call(provider, address));

        Assert.Equal(FailureKind.Unavailable, failed.Failure.Kind);
    }

    static async Task Buckets(ModelProvider provider, FakeUsage reported, Usage expected)
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(FakeReply.Answer("x", reported));

        var answered = Assert.IsType<ModelOutcome.Answered>(await Call(provider, fake));

        Assert.Equal(expected, answered.Usage);
        Assert.Equal(reported.AllInput + reported.AllOutput, answered.Usage!.Total());
    }

    static async Task<Failure> Fails(ModelProvider provider, FakeProvider fake, double firstToken = 60) =>
        Assert.IsType<ModelOutcome.Failed>(await Call(provider, fake, firstToken: firstToken)).Failure;
}
