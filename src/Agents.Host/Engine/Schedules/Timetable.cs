using System.Globalization;
using Cronos;

namespace Agents.Host.Engine.Schedules;

/// <summary>The times at which a schedule fires: a cron expression of five fields, or six with seconds first, in a time zone.</summary>
/// <remarks>
/// Summer time is Cronos': a time that the clocks leave out fires right after the gap; one that comes twice fires once, but where hours or minutes
/// repeat (<c>*/30 * * * *</c>) each does.
/// </remarks>
public sealed class Timetable
{
    /// <summary>How far back it is looked for times that have passed: widened until there are enough of them.</summary>
    static readonly TimeSpan[] Spans = [TimeSpan.FromHours(1), TimeSpan.FromDays(1), TimeSpan.FromDays(40), TimeSpan.FromDays(4000)];

    readonly CronExpression cron;
    readonly TimeZoneInfo zone;

    Timetable(CronExpression cron, TimeZoneInfo zone) => (this.cron, this.zone) = (cron, zone);

    /// <summary>Null when one of them cannot be read; then <paramref name="problem"/> says which, and why.</summary>
    public static Timetable? Parse(string cron, string timeZone, out string? problem)
    {
        problem = null;
        try
        {
            var fields = cron.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
            var expression = CronExpression.Parse(cron, fields == 6 ? CronFormat.IncludeSeconds : CronFormat.Standard);
            return new(expression, TimeZoneInfo.FindSystemTimeZoneById(timeZone));
        }
        catch (MissingSeedException)
        {
            problem = $"\"{cron}\" leaves the time to chance (H); say which.";
        }
        catch (CronFormatException wrong)
        {
            problem = $"\"{cron}\" is no cron expression: {wrong.Message} "
                + "Five fields are minute, hour, day, month, day of the week; six begin with the second.";
        }
        catch (Exception wrong) when (wrong is TimeZoneNotFoundException or InvalidTimeZoneException or System.Security.SecurityException)
        {
            problem = $"There is no time zone \"{timeZone}\" here. Use an IANA name such as Europe/Berlin, or UTC.";
        }

        return null;
    }

    /// <summary>The next time after this one. Null when there is none any more.</summary>
    public DateTimeOffset? After(DateTimeOffset at) => cron.GetNextOccurrence(at, zone)?.ToUniversalTime();

    /// <summary>The next times after this one, at most so many.</summary>
    public IReadOnlyList<DateTimeOffset> After(DateTimeOffset at, int most)
    {
        var times = new List<DateTimeOffset>();
        for (var next = After(at); next is { } time && times.Count < most; next = After(time)) times.Add(time);
        return times;
    }

    /// <summary>The times from one that was due until now, oldest first: the latest of them, at least so many where there are.</summary>
    public IReadOnlyList<DateTimeOffset> Passed(DateTimeOffset due, DateTimeOffset now, int enough)
    {
        var passed = new List<DateTimeOffset>();
        foreach (var span in Spans)
        {
            var from = now - span > due ? now - span : due;
            passed = [.. cron.GetOccurrences(from, now, zone, fromInclusive: true, toInclusive: true).Select(at => at.ToUniversalTime())];
            if (passed.Count >= enough || from == due) break;
        }

        return passed;
    }

    /// <summary>In the schedule's own time, as ISO 8601 writes it: <c>2026-11-23T07:00:00+01:00</c>.</summary>
    public string Show(DateTimeOffset at) => TimeZoneInfo.ConvertTime(at, zone).ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);
}
