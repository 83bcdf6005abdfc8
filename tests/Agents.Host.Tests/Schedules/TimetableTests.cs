using Agents.Host.Engine.Schedules;

namespace Agents.Host.Tests.Schedules;

public sealed class TimetableTests
{
    [Theory]
    [InlineData("30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z")] // the clocks leave half past two out: right after the gap
    [InlineData("30 2 * * *", "2026-03-29T12:00:00Z", "2026-03-30T00:30:00Z")]
    [InlineData("30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z")] // half past two comes twice: the first
    [InlineData("30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z")] // and not the second
    [InlineData("*/30 * * * *", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z")] // what repeats goes on repeating
    [InlineData("0 7 * * 1-5", "2026-11-20T07:00:00Z", "2026-11-23T06:00:00Z")]
    public void Summer_time_is_kept(string cron, string after, string next) =>
        Assert.Equal(DateTimeOffset.Parse(next, null), Timetable.Parse(cron, "Europe/Berlin", out _)!.After(DateTimeOffset.Parse(after, null)));

    [Fact]
    public void Six_fields_begin_with_the_second() => Assert.Equal(
        DateTimeOffset.UnixEpoch.AddSeconds(15), Timetable.Parse("*/15 * * * * *", "UTC", out _)!.After(DateTimeOffset.UnixEpoch));

    [Theory]
    [InlineData("61 * * * *", "UTC", "no cron expression")]
    [InlineData("often", "UTC", "no cron expression")]
    [InlineData("H * * * *", "UTC", "leaves the time to chance")]
    [InlineData("0 H(1-7) * * 1-5", "UTC", "")]
    [InlineData("* * * * *", "Europe/Atlantis", "no time zone")]
    [InlineData("* * * * *", "../../etc/passwd", "no time zone")]
    public void What_cannot_be_read_is_said(string cron, string zone, string problem)
    {
        Assert.Null(Timetable.Parse(cron, zone, out var said));
        Assert.Contains(problem, said, StringComparison.Ordinal);
    }

    [Fact]
    public void The_latest_of_many_that_have_passed_are_found_and_few_are_found_all()
    {
        var now = new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
        var seconds = Timetable.Parse("* * * * * *", "UTC", out _)!.Passed(now.AddYears(-3), now, enough: 100);
        Assert.Equal(now, seconds[^1]);
        Assert.InRange(seconds.Count, 100, 4000);

        var days = Timetable.Parse("0 0 * * *", "UTC", out _)!.Passed(now.AddDays(-10), now, enough: 100);
        Assert.Equal(10, days.Count);
    }
}
