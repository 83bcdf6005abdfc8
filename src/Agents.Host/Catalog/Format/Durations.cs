using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml;

namespace Agents.Host.Catalog.Format;

/// <summary>Durations as people write them: <c>90s</c>, <c>1h30m</c>, <c>2d</c>, <c>500ms</c>, or ISO 8601, such as <c>PT30M</c>.</summary>
public static partial class Durations
{
    /// <summary>Far beyond what any run takes.</summary>
    const double MostDays = 36_500;

    /// <summary>Null when it is no duration, or over a hundred years.</summary>
    public static TimeSpan? Parse(string text)
    {
        if (text.StartsWith('P')) return Iso(text);
        if (Parts().Match(text) is not { Success: true } parts || text.Length == 0) return null;

        decimal ticks = 0;
        foreach (var (unit, length) in Units)
            if (parts.Groups[unit] is { Success: true } group)
            {
                if (!decimal.TryParse(group.Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) return null;
                if (number > (decimal)MostDays * TimeSpan.TicksPerDay / length) return null;
                ticks += number * length;
            }

        return ticks <= (decimal)MostDays * TimeSpan.TicksPerDay ? TimeSpan.FromTicks((long)ticks) : null;
    }

    /// <summary>The same in as few words as can be, to the tick.</summary>
    public static string Show(TimeSpan time)
    {
        if (time <= TimeSpan.Zero) return XmlConvert.ToString(time);

        var shown = new StringBuilder();
        var left = time.Ticks;
        foreach (var (unit, length) in Units.Where(unit => unit.Unit is not "ms"))
        {
            var number = unit == "s" ? (decimal)left / length : left / length;
            if (number == 0) continue;
            shown.Append(number.ToString("0.#######", CultureInfo.InvariantCulture)).Append(unit);
            left %= length;
        }

        return shown.ToString();
    }

    static readonly (string Unit, long Ticks)[] Units =
    [
        ("d", TimeSpan.TicksPerDay), ("h", TimeSpan.TicksPerHour), ("m", TimeSpan.TicksPerMinute), ("s", TimeSpan.TicksPerSecond),
        ("ms", TimeSpan.TicksPerMillisecond),
    ];

    static TimeSpan? Iso(string text)
    {
        if (!IsoParts().IsMatch(text)) return null; // months and years have no length
        try
        {
            return XmlConvert.ToTimeSpan(text) is { TotalDays: <= MostDays } time ? time : null;
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            return null;
        }
    }

    [GeneratedRegex(
        @"\A(?:(?<d>[0-9]{1,9}(?:\.[0-9]{1,9})?)d)?(?:(?<h>[0-9]{1,9}(?:\.[0-9]{1,9})?)h)?(?:(?<m>[0-9]{1,9}(?:\.[0-9]{1,9})?)m)?"
        + @"(?:(?<s>[0-9]{1,12}(?:\.[0-9]{1,9})?)s)?(?:(?<ms>[0-9]{1,12})ms)?\z")]
    private static partial Regex Parts();

    [GeneratedRegex(@"\AP([0-9]{1,9}D)?(T[0-9HMS.]{1,40})?\z")]
    private static partial Regex IsoParts();
}
