using System.Text.Json;
using Agents.Domain.Costs;
using Agents.Host.Models;
using Microsoft.Extensions.AI;

namespace Agents.Host.Tests.Models;

/// <summary>The wish for usage at the end of a stream, which some servers refuse.</summary>
public sealed class UsageWishTests
{
    const string Field = "stream_options";

    [Theory]
    [InlineData(422, """{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}""")]
    [InlineData(400, """{"error":{"message":"Unrecognized request argument supplied: stream_options","type":"invalid_request_error"}}""")]
    public async Task A_server_that_refuses_it_is_asked_without_it_from_then_on_and_its_usage_is_unknown(int status, string refusal)
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(FakeReply.Error(status, "") with { Body = refusal }, FakeReply.Answer("x", new(10, 5)), FakeReply.Answer("y", new(10, 5)));

        var outcomes = await Call(fake, calls: 3);

        var failure = Assert.IsType<ModelOutcome.Failed>(outcomes[0]).Failure;
        Assert.True(failure.IsTransient());
        Assert.EndsWith("The server is sent no stream_options from now on.", failure.Message, StringComparison.Ordinal);
        Assert.Equal(
            [("x", (Usage?)null), ("y", (Usage?)null)],
            outcomes.Skip(1).Select(outcome => Assert.IsType<ModelOutcome.Answered>(outcome)).Select(answered => (answered.Text, answered.Usage)));
        Assert.Equal([true, false, false], fake.Requests.Select(request => request.Json.TryGetProperty(Field, out _)));
    }

    [Fact]
    public async Task Usage_that_such_a_server_tells_unasked_is_counted()
    {
        await using var fake = await FakeProvider.Start();
        var told = Said.Events(Said.Chunk("""{"content":"x"}""", "\"stop\""), Said.UsageChunk, Said.Done);
        fake.Script(FakeReply.Error(400, "Unknown parameter: 'stream_options'."), told);

        var outcomes = await Call(fake, calls: 2);

        Assert.Equal(new Usage(10, 5), Assert.IsType<ModelOutcome.Answered>(outcomes[1]).Usage);
    }

    [Fact]
    public async Task A_refusal_of_several_members_costs_one_attempt()
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(FakeReply.Error(400, "Unknown fields: max_completion_tokens, stream_options."), FakeReply.Answer("x"));

        var outcomes = await Call(fake, calls: 2);

        Assert.EndsWith(
            "The server is sent max_tokens and no stream_options from now on.", Assert.IsType<ModelOutcome.Failed>(outcomes[0]).Failure.Message,
            StringComparison.Ordinal);
        Assert.IsType<ModelOutcome.Answered>(outcomes[1]);
        Assert.Equal((false, 7), (fake.Requests[1].Json.TryGetProperty(Field, out _), fake.Requests[1].Json.GetProperty("max_tokens").GetInt32()));
    }

    [Fact]
    public async Task A_refusal_that_only_repeats_the_request_teaches_nothing()
    {
        await using var fake = await FakeProvider.Start();
        var asked = new { stream_options = new { include_usage = true }, messages = new string('x', 300) };
        var repeated = JsonSerializer.Serialize(new { detail = new[] { new { type = "missing", input = asked } }, note = "unexpected" });
        fake.Script(FakeReply.Error(422, "") with { Body = repeated }, FakeReply.Answer("x", new(10, 5)));

        var outcomes = await Call(fake, calls: 2);

        Assert.False(Assert.IsType<ModelOutcome.Failed>(outcomes[0]).Failure.IsTransient());
        Assert.Equal(new Usage(10, 5), Assert.IsType<ModelOutcome.Answered>(outcomes[1]).Usage);
    }

    static async Task<IReadOnlyList<ModelOutcome>> Call(FakeProvider fake, int calls)
    {
        var options = ModelCalls.Options(ModelProvider.OpenAI, fake.Address);
        using var client = ChatClients.Create(options);
        var outcomes = new List<ModelOutcome>();
        for (var call = 0; call < calls; call++)
            outcomes.Add(await ModelCall.Run(client, [new(ChatRole.User, "Hello")], new() { MaxOutputTokens = 7 }, options, null, default));
        return outcomes;
    }
}
