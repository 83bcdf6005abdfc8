using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Models;
using Microsoft.Extensions.AI;

namespace Agents.Host.Tests.Models;

/// <summary>What a model is sent that must close.</summary>
public sealed class ClosingRequestTests
{
    static readonly ModelStep Step = new("respond", "Answer with sources.", [new("add")]);

    static Conversation Said(int found = 3, int length = 400) => Conversation.Of(
        [
            new RunQueued("a", 1, "hash", "m", "How many?", 5, "ada", TimeSpan.FromHours(1), Brief: new("Be kind.", OutputTokens: 700)),
            new StepStarted(0, "work"),
            .. Enumerable.Range(1, found).SelectMany(number => new RunEvent[]
            {
                new ModelCallCompleted(number, 1, new("", [new("add", "{}")], [], "m", "tool_calls"), null, null, null, TimeSpan.Zero),
                new ToolCallRequested($"t{number}", number, "add", "{}", NeedsApproval: false),
                new ToolCallCompleted($"t{number}", 1, $"Result {number} {new string('x', length)}", Truncated: false, TimeSpan.Zero),
            }),
            new RunClosing("budget", 1),
            new StepStarted(1, "respond"),
        ], passagesPerStep: 3);

    static ModelRequest Of(Conversation said, long tokens, string model = "any", Limits? limits = null) =>
        ClosingRequest.Of(said, Step, "budget", model, limits ?? new(), tokens);

    static string Evidence(ModelRequest request) => request.Messages.Count > 3 ? request.Messages[^1].Text : "";

    [Fact]
    public void It_has_the_instructions_the_question_what_was_found_and_no_tools()
    {
        var request = Of(Said(), long.MaxValue);

        Assert.Null(request.Options.Tools);
        Assert.StartsWith("Answer with sources.\n\nYou must close now: nearly all that may be spent is spent.", request.Messages[0].Text, StringComparison.Ordinal);
        Assert.Equal(("Be kind.", "How many?"), (request.Messages[1].Text, request.Messages[2].Text));
        Assert.All(request.Messages.SelectMany(message => message.Contents), content => Assert.IsType<TextContent>(content));
        Assert.Equal(["Result 1", "Result 2", "Result 3"], Evidence(request).Split("\n\n").Select(piece => piece["# Found\n".Length..][..8]));
    }

    [Fact]
    public void The_reply_is_as_short_as_the_last_word_the_agent_and_the_caller_want()
    {
        Assert.Equal(700, Of(Said(), 0).Options.MaxOutputTokens);
        Assert.Equal(50, Of(Said(), 0, limits: new(OutputTokensPerCall: 50)).Options.MaxOutputTokens);
        Assert.Equal(ClosingRequest.OutputTokens, Of(Said() with { OutputTokens = null }, 0).Options.MaxOutputTokens);
    }

    [Theory]
    [InlineData("any")]
    [InlineData("gpt-4o-mini")]
    public void What_was_found_is_cut_to_what_may_be_spent_the_oldest_first(string model)
    {
        var said = Said(found: 40);
        var without = Of(said, 0, model).InputTokensAtMost();
        Assert.Equal("", Evidence(Of(said, 0, model)));

        foreach (var tokens in new[] { 100L, 500, 1000, 2048, 10_000 })
        {
            var request = Of(said, tokens, model);
            Assert.True(request.InputTokensAtMost() <= without + tokens, $"{request.InputTokensAtMost() - without} tokens of {tokens}.");
        }

        Assert.StartsWith("[Older parts are left out here.]", Evidence(Of(said, 2048, model)), StringComparison.Ordinal);
        Assert.Contains("Result 40 ", Evidence(Of(said, 2048, model)), StringComparison.Ordinal);
        Assert.DoesNotContain("Result 1 ", Evidence(Of(said, 2048, model)), StringComparison.Ordinal);
    }

    [Fact]
    public void The_bound_of_a_prompt_holds()
    {
        var request = Of(Said(found: 40), long.MaxValue, limits: new(PromptCharacters: 3000));

        Assert.True(request.Messages.Sum(message => message.Text.Length) <= 3000);
        Assert.Contains("Result 40 ", Evidence(request), StringComparison.Ordinal);
    }
}
