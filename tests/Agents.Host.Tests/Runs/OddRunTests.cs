using Agents.Domain.Runs;
using Agents.Host.Audit;
using Npgsql;

namespace Agents.Host.Tests.Runs;

/// <summary>What comes of runs whose provider answers in an odd way.</summary>
public sealed class OddRunTests(OddRuns odd) : IClassFixture<OddRuns>
{
    [Theory]
    [InlineData("empty reasons")]
    [InlineData("nothing at first")]
    [InlineData("filtered")]
    [InlineData("too long")]
    [InlineData("thought")]
    [InlineData("no name for the limit")]
    [InlineData("one letter")]
    [InlineData("two sums")]
    public void What_can_be_read_is_answered(string question) => Assert.Equal("Hello", odd.View(question).GetProperty("answer").GetString());

    [Theory]
    [InlineData("no quota", FailureKind.Rejected, "Pay first.", 1, 0)]
    [InlineData("overloaded", FailureKind.Unavailable, "Too busy.", 2, 0)]
    [InlineData("given up", FailureKind.Rejected, "Too long.", 1, 1)]
    [InlineData("a page", FailureKind.Unavailable, "text/html", 2, 0)]
    [InlineData("unreadable", FailureKind.StreamCut, "{oops", 2, 2)]
    [InlineData("nothing", FailureKind.EmptyReply, "3 characters of thought", 2, 0)]
    public void What_cannot_be_read_parks_the_run_with_what_came(string question, FailureKind kind, string words, int attempts, int unconfirmed)
    {
        var failure = odd.View(question).GetProperty("failure");

        Assert.Equal(kind.ToString(), failure.GetProperty("kind").GetString());
        Assert.Contains(words, failure.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(attempts, odd.Facts<ModelCallStarted>(question).Count());
        Assert.Equal(unconfirmed, odd.Facts<ModelCallOutcomeUnknown>(question).Count());
        Assert.Equal(attempts - unconfirmed, odd.Facts<ModelCallFailed>(question).Count());
    }

    [Theory]
    [InlineData("unreadable")]
    [InlineData("given up")]
    public void What_had_come_before_is_in_the_facts(string question) => Assert.All(odd.Facts<ModelCallOutcomeUnknown>(question), unknown =>
    {
        Assert.Equal("Hello", unknown.Text);
        Assert.Equal(odd.View(question).GetProperty("failure").GetProperty("message").GetString(), unknown.Failure?.Message);
    });

    [Fact]
    public void An_empty_reply_is_paid_for()
    {
        Assert.All(odd.Facts<ModelCallFailed>("nothing"), failed => Assert.True(failed.Cost?.Usd > 0));
        Assert.True(odd.View("nothing").GetProperty("costUsd").GetDecimal() > 0);
    }

    [Theory]
    [InlineData("filtered", "content_filter")]
    [InlineData("too long", "length")]
    [InlineData("thought", null)]
    public void A_run_shows_whether_its_answer_is_whole(string question, string? incomplete) =>
        Assert.Equal(incomplete, odd.View(question).GetProperty("incomplete").GetString());

    [Fact]
    public void Thought_is_counted() => Assert.Equal(3, odd.Facts<ModelCallCompleted>("thought").Single().Reply.ThoughtCharacters);

    [Fact]
    public void One_id_at_two_numbers_is_one_letter() => Assert.Single(odd.Facts<ToolCallRequested>("one letter"));

    [Fact]
    public void Two_ids_at_one_number_are_two_sums() =>
        Assert.Equal(["3", "7"], odd.Facts<ToolCallCompleted>("two sums").Select(call => call.Result).Order());

    [Fact]
    public async Task The_books_are_sound_and_no_letter_is_dead()
    {
        var report = (await Verification.Run(odd.Connection, odd.Ledger, tenant: null, CancellationToken.None))!;

        Assert.All(report.Invariants, invariant => Assert.Empty(invariant.Shown));
        Assert.True(report.Holds);
        await using var connection = new NpgsqlConnection(odd.Connection);
        await connection.OpenAsync();
        await using var dead = new NpgsqlCommand("select count(*) from wolverine.wolverine_dead_letters", connection);
        Assert.Equal(0L, await dead.ExecuteScalarAsync());
    }
}
