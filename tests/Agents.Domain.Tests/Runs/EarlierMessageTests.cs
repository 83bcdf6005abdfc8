using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Runs;

public sealed class EarlierMessageTests
{
    static EarlierMessage Said(string text) => new(Speaker.User, text);

    [Fact]
    public void A_short_conversation_is_kept_whole_and_in_order()
    {
        EarlierMessage[] said = [Said("one"), new(Speaker.Assistant, "two")];

        Assert.Equal(said, EarlierMessage.Latest(said));
        Assert.Empty(EarlierMessage.Latest([]));
    }

    [Fact]
    public void Of_many_messages_the_latest_are_kept()
    {
        var said = Enumerable.Range(1, EarlierMessage.Most + 5).Select(n => Said($"{n}")).ToList();

        Assert.Equal(said.Skip(5), EarlierMessage.Latest(said));
    }

    [Fact]
    public void A_message_that_does_not_fit_is_left_out_with_all_before_it()
    {
        var said = new[] { Said("short"), Said(new('x', EarlierMessage.MostCharacters)), Said("last") };

        Assert.Equal([said[2]], EarlierMessage.Latest(said));
        Assert.Equal([said[1]], EarlierMessage.Latest(said[..2]));
    }

    [Fact]
    public void The_conversation_has_the_thread_first_then_what_the_caller_brought_along()
    {
        var queued = new RunQueued(
            "a", 1, "h", "m", "And now?", 5, "ada", TimeSpan.FromHours(1), Previous: A.Id,
            Brief: new("Be brief.", [Said("brought")], OutputTokens: 9));

        var said = Conversation.Of([queued], passagesPerStep: 3, [Said("thread")]);

        Assert.Equal([Said("thread"), Said("brought")], said.Before);
        Assert.Equal(("And now?", "Be brief.", 9), (said.Question, said.Instructions, said.OutputTokens));
    }
}
