using Agents.Domain.Runs;
using Agents.Host.Models;
using Microsoft.Extensions.AI;

namespace Agents.Host.Tests.Models;

/// <summary>Hundreds of odd replies of each protocol, made from its rules: none of them throws, hangs, or loses a text that is there.</summary>
public sealed class OddReplyTests
{
    const int LeastForEach = 150;

    const int MostShown = 10;

    /// <summary>Seconds that no call may need.</summary>
    const double Limit = 10;

    [Theory, MemberData(nameof(ProviderTests.Providers), MemberType = typeof(ProviderTests))]
    public async Task Every_odd_reply_is_a_reply_or_a_failure_that_says_what_came(ModelProvider provider)
    {
        await using var fake = await FakeProvider.Start();
        var options = ModelCalls.Options(provider, fake.Address, callTimeout: Limit, firstToken: Limit);
        using var client = ChatClients.Create(options);
        var (problems, count) = (new List<string>(), 0);

        foreach (var odd in OddReplies.Of(provider))
        {
            count++;
            fake.Script(odd.Reply);
            if (ProblemOf(odd, await End(client, options)) is { } problem) problems.Add($"{odd.Name}: {problem}: {string.Concat(odd.Reply.Frames!)}");
        }

        Assert.True(problems.Count == 0, $"{problems.Count} of {count}:\n{string.Join('\n', problems.Take(MostShown))}");
        Assert.True(count >= LeastForEach, $"There are only {count} cases.");
        Assert.Equal(count, fake.Requests.Count);
    }

    /// <summary>How the call ended, and the text that readers were shown of it.</summary>
    static async Task<(ModelOutcome? Outcome, string Shown, string? Thrown)> End(IChatClient client, ModelOptions options)
    {
        var shown = new List<string>();
        try
        {
            var outcome = await ModelCall.Run(client, [new(ChatRole.User, "Hello")], new() { ModelId = "m" }, options, shown.Add, default);
            return (outcome, string.Concat(shown), null);
        }
        catch (Exception thrown)
        {
            return (null, string.Concat(shown), thrown.ToString());
        }
    }

    static string? ProblemOf(OddReply odd, (ModelOutcome? Outcome, string Shown, string? Thrown) end) => end.Outcome switch
    {
        null => $"it threw {end.Thrown}",
        ModelOutcome.Answered { Text: "", ToolRequests: [] } => "it is an empty answer",
        ModelOutcome.Answered answered when answered.Text != end.Shown => $"readers were shown '{end.Shown}', and the answer is '{answered.Text}'",
        ModelOutcome.Answered when odd.Outcome is Outcome.Failure => "it was taken for a reply",
        ModelOutcome.Answered answered when odd.Outcome is Outcome.Whole && answered.Text != OddReplies.Text => $"the text is '{answered.Text}'",
        ModelOutcome.Answered => null,
        ModelOutcome.Failed { Failure: var failure } when odd.Outcome is Outcome.Whole => $"it failed: {failure}",
        ModelOutcome.Failed { Failure.Kind: FailureKind.Timeout } => "it did not end",
        ModelOutcome.Failed { Failure.Message.Length: < 10 } failed => $"it says only '{failed.Failure.Message}'",
        ModelOutcome.Failed failed when odd.Kind is { } kind && failed.Failure.Kind != kind => $"it is no {kind} but {failed.Failure}",
        ModelOutcome.Failed failed when odd.Words is { } words && !failed.Failure.Message.Contains(words, StringComparison.Ordinal) =>
            $"it does not say '{words}' but '{failed.Failure.Message}'",
        _ => null,
    };
}
