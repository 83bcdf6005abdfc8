using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Runs;

public sealed class RetryTests
{
    static readonly Failure Unavailable = A.Because(FailureKind.Unavailable);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 4)]
    [InlineData(6, 32)]
    [InlineData(7, 60)]
    [InlineData(1000, 60)]
    public void The_wait_doubles_up_to_a_minute_less_at_most_a_quarter(int attempt, double seconds)
    {
        foreach (var octet in Enumerable.Range(0, 256))
        {
            var run = new Guid(octet, 0, 0, new byte[8]);
            Assert.InRange(Retry.Delay(Unavailable, attempt, run).TotalSeconds, seconds * 0.75, seconds);
        }
    }

    [Fact]
    public void Runs_that_failed_together_do_not_return_together()
    {
        var delays = Enumerable.Range(0, 256).Select(number => Retry.Delay(Unavailable, 1, new Guid(number, 0, 0, new byte[8])).TotalSeconds)
            .ToList();

        Assert.Equal(256, delays.Distinct().Count());
        Assert.InRange(delays.Average(), 0.82, 0.93);
    }

    [Fact]
    public void The_same_history_always_waits_as_long() =>
        Assert.Equal(Retry.Delay(Unavailable, 2, A.Id), Retry.Delay(A.Because(FailureKind.RateLimited), 2, A.Id));

    [Fact]
    public void The_wait_the_provider_asked_for_is_kept()
    {
        var asked = new Failure(FailureKind.RateLimited, "slow down", TimeSpan.FromSeconds(17));

        Assert.Equal(TimeSpan.FromSeconds(17), Retry.Delay(asked, 1, A.Id));
        Assert.Equal(TimeSpan.FromSeconds(17),
            A.Calling(A.Assistant).When(new RecordModelFailure(1, 1, asked, A.Second)).News.Only<ModelCallScheduled>().Delay);
    }

    [Theory, InlineData(0), InlineData(-5)]
    public void A_wait_of_no_time_is_not_believed(int seconds) =>
        Assert.InRange(Retry.Delay(new(FailureKind.RateLimited, "now", TimeSpan.FromSeconds(seconds)), 1, A.Id).TotalSeconds, 0.75, 1);

    [Theory]
    [InlineData(FailureKind.RateLimited, true)]
    [InlineData(FailureKind.Timeout, true)]
    [InlineData(FailureKind.Unavailable, true)]
    [InlineData(FailureKind.StreamCut, true)]
    [InlineData(FailureKind.WorkerLost, true)]
    [InlineData(FailureKind.Rejected, false)]
    [InlineData(FailureKind.Unauthorized, false)]
    [InlineData(FailureKind.UnknownTool, false)]
    [InlineData(FailureKind.BadArguments, false)]
    [InlineData(FailureKind.ToolError, false)]
    [InlineData(FailureKind.OutcomeUnknown, false)]
    [InlineData(FailureKind.CallLimit, false)]
    [InlineData(FailureKind.CostLimit, false)]
    [InlineData(FailureKind.Deadline, false)]
    [InlineData(FailureKind.Unpriced, false)]
    [InlineData(FailureKind.BudgetRefused, false)]
    public void Only_what_may_well_succeed_later_is_tried_again(FailureKind kind, bool isWorthwhile)
    {
        Assert.Equal(isWorthwhile, Retry.IsWorthwhile(A.Because(kind), attempt: 2, new Limits(Attempts: 3)));
        Assert.False(Retry.IsWorthwhile(A.Because(kind), attempt: 3, new Limits(Attempts: 3)));
    }
}
