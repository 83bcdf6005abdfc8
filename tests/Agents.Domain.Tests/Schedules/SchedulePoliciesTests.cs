using Agents.Domain.Schedules;

namespace Agents.Domain.Tests.Schedules;

public sealed class SchedulePoliciesTests
{
    static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 10, TimeSpan.Zero);

    /// <summary>A server has looked since then.</summary>
    static readonly DateTimeOffset AllDay = Now.AddDays(-1);

    static DateTimeOffset At(int hour) => new(2026, 11, 23, hour, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(Missed.Skip, new[] { 9, 10, 11 }, new int[0])]
    [InlineData(Missed.Once, new[] { 9, 10, 11 }, new[] { 11 })]
    [InlineData(Missed.All, new[] { 9, 10, 11 }, new[] { 9, 10, 11 })]
    [InlineData(Missed.All, new[] { 6, 7, 8, 9, 10, 11 }, new[] { 8, 9, 10, 11 })]
    [InlineData(Missed.Skip, new[] { 10, 11, 12 }, new[] { 12 })]
    [InlineData(Missed.Once, new[] { 10, 11, 12 }, new[] { 12 })]
    [InlineData(Missed.Once, new int[0], new int[0])]
    public void What_was_missed_is_made_up_for_as_the_policy_says(Missed policy, int[] passed, int[] made) =>
        Assert.Equal(made.Select(At), SchedulePolicies.Due([.. passed.Select(At)], AllDay, Now, policy, most: 4));

    [Fact]
    public void Firings_in_time_are_all_made_whatever_the_bound_of_missed_ones()
    {
        DateTimeOffset[] seconds = [.. Enumerable.Range(0, 10).Select(second => At(12).AddSeconds(second))];

        Assert.All(Enum.GetValues<Missed>(), policy => Assert.Equal(seconds, SchedulePolicies.Due(seconds, AllDay, Now, policy, most: 1)));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(30, true)] // as long as it was to wait
    [InlineData(40, true)]
    [InlineData(41, false)]
    [InlineData(3600, false)] // the machine slept: its own clocks stood still, the one that counts did not
    public void A_look_that_comes_much_later_than_it_was_to_begins_a_new_watch(int seconds, bool goesOn)
    {
        var since = SchedulePolicies.WatchedSince((AllDay, Now), TimeSpan.FromSeconds(30), Now.AddSeconds(seconds));

        Assert.Equal(goesOn ? AllDay : Now.AddSeconds(seconds), since);
        Assert.Equal(Now, SchedulePolicies.WatchedSince(null, TimeSpan.Zero, Now));
    }

    [Theory]
    [InlineData(Missed.Skip, 0)]
    [InlineData(Missed.Once, 1)]
    [InlineData(Missed.All, 4)]
    public void What_was_due_within_the_minute_before_a_server_looked_again_was_missed(Missed policy, int made)
    {
        DateTimeOffset[] fives = [.. Enumerable.Range(0, 15).Select(n => Now.AddSeconds(-75 + 5 * n))];

        var due = SchedulePolicies.Due(fives, Now, Now, policy, most: 4);

        Assert.Equal(fives.TakeLast(made), due);
    }

    [Fact]
    public void What_was_due_since_a_server_looks_again_is_made_and_what_was_missed_before_is_not()
    {
        DateTimeOffset[] fives = [.. Enumerable.Range(0, 15).Select(n => Now.AddSeconds(-70 + 5 * n))];

        Assert.Equal(fives.TakeLast(3), SchedulePolicies.Due(fives, Now.AddSeconds(-10), Now, Missed.Skip, most: 4));
    }

    [Theory]
    [InlineData(Overlap.Skip, 0, SchedulePolicies.Answer.Run)]
    [InlineData(Overlap.Skip, 1, SchedulePolicies.Answer.Skip)]
    [InlineData(Overlap.Queue, 1, SchedulePolicies.Answer.RunAfter)]
    [InlineData(Overlap.Queue, SchedulePolicies.MostUnfinished, SchedulePolicies.Answer.Skip)]
    [InlineData(Overlap.Cancel, 2, SchedulePolicies.Answer.CancelAndRun)]
    [InlineData(Overlap.Cancel, 0, SchedulePolicies.Answer.Run)]
    public void An_overlap_is_answered_as_the_policy_says(Overlap policy, int unfinished, SchedulePolicies.Answer answer) =>
        Assert.Equal(answer, SchedulePolicies.To(policy, unfinished));
}
