using Agents.Domain.Runs;
using Agents.Host.Models;
using Microsoft.Extensions.AI;

namespace Agents.Host.Tests.Models;

/// <summary>The name under which servers take the most tokens of a reply.</summary>
public sealed class OutputLimitTests
{
    const string Newer = "max_completion_tokens";
    const string Older = "max_tokens";

    [Theory]
    [InlineData(422, """{"detail":[{"type":"extra_forbidden","loc":["body","max_completion_tokens"],"msg":"Extra inputs are not permitted","input":7}]}""")]
    [InlineData(400, """{"error":{"message":"Unrecognized request argument supplied: max_completion_tokens","type":"invalid_request_error"}}""")]
    public async Task A_server_that_refuses_one_name_is_sent_the_other_from_then_on(int status, string refusal)
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(FakeReply.Error(status, "") with { Body = refusal }, FakeReply.Answer("x"), FakeReply.Answer("y"));

        var outcomes = await Call(fake, calls: 3);

        var failure = Assert.IsType<ModelOutcome.Failed>(outcomes[0]).Failure;
        Assert.True(failure.IsTransient());
        Assert.Contains(Newer, failure.Message, StringComparison.Ordinal);
        Assert.EndsWith("The server is sent max_tokens from now on.", failure.Message, StringComparison.Ordinal);
        Assert.Equal(["x", "y"], outcomes.Skip(1).Select(outcome => Assert.IsType<ModelOutcome.Answered>(outcome).Text));
        Assert.Equal([(Newer, 7), (Older, 7), (Older, 7)], fake.Requests.Select(Limit));
    }

    [Fact]
    public async Task A_server_that_refuses_the_number_is_sent_no_other_name()
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(FakeReply.Error(400, "max_completion_tokens is too large: 7. This model supports at most 5."), FakeReply.Answer("x"));

        var outcomes = await Call(fake, calls: 2);

        Assert.Equal(FailureKind.Rejected, Assert.IsType<ModelOutcome.Failed>(outcomes[0]).Failure.Kind);
        Assert.Equal([(Newer, 7), (Newer, 7)], fake.Requests.Select(Limit));
    }

    [Fact]
    public async Task A_server_that_refuses_both_names_is_not_asked_for_ever()
    {
        await using var fake = await FakeProvider.Start();
        fake.Otherwise(_ => FakeReply.Error(400, "Unknown fields max_completion_tokens or max_tokens."));

        var outcomes = await Call(fake, calls: 2);

        Assert.Equal(
            [FailureKind.Unavailable, FailureKind.Rejected], outcomes.Select(outcome => Assert.IsType<ModelOutcome.Failed>(outcome).Failure.Kind));
    }

    [Fact]
    public async Task A_server_whose_reply_is_longer_than_it_may_be_did_not_know_the_name()
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(FakeReply.Answer("x", new(1, 7)), FakeReply.Answer("x", new(1, 8)), FakeReply.Answer("x", new(1, 8)));

        await Call(fake, calls: 3);

        Assert.Equal([(Newer, 7), (Newer, 7), (Older, 7)], fake.Requests.Select(Limit));
    }

    [Theory]
    [InlineData(ModelProvider.OpenAI, Older)]
    [InlineData(ModelProvider.OpenAI, Newer)]
    [InlineData(ModelProvider.Azure, Older)]
    [InlineData(ModelProvider.Azure, Newer)]
    public async Task The_setting_decides(ModelProvider provider, string name)
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(FakeReply.Answer("x"));

        await Call(fake, calls: 1, provider, name);

        Assert.Equal((name, 7), Limit(Assert.Single(fake.Requests)));
    }

    static async Task<IReadOnlyList<ModelOutcome>> Call(FakeProvider fake, int calls, ModelProvider provider = ModelProvider.OpenAI, string? name = null)
    {
        var options = ModelCalls.Options(provider, fake.Address) with { OutputLimitField = name };
        using var client = ChatClients.Create(options);
        var outcomes = new List<ModelOutcome>();
        for (var call = 0; call < calls; call++)
            outcomes.Add(await ModelCall.Run(
                client, [new(ChatRole.User, "Say \"max_tokens\": 1")], new() { MaxOutputTokens = 7 }, options, null, default));
        return outcomes;
    }

    /// <summary>The one name in the request, and its number.</summary>
    static (string Name, int Tokens) Limit(FakeRequest request)
    {
        var name = Assert.Single(new[] { Newer, Older }, name => request.Json.TryGetProperty(name, out _));
        return (name, request.Json.GetProperty(name).GetInt32());
    }
}
