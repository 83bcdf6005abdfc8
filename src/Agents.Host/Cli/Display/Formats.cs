using System.Globalization;
using Agents.Domain.Costs;
using Agents.Host.Api.Runs;

namespace Agents.Host.Cli.Display;

/// <summary>Numbers and times as people read them.</summary>
public static class Formats
{
    static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    /// <summary>Two digits after the point, or as many up to eight as a small amount needs; never rounded to nothing.</summary>
    public static string Usd(decimal usd) => usd switch
    {
        0 => "$0.00",
        > 0 and < 0.00000001m => "under $0.00000001",
        _ => "$" + usd.ToString(usd >= 100 ? "#,0.00" : usd >= 1 ? "0.00##" : "0.00######", Culture),
    };

    /// <summary>What a run has cost: unknown where no price is known, and what more it may be where an outcome is.</summary>
    /// <param name="cost">Null for a caller who may not see money.</param>
    public static string Cost(decimal? cost, int unpricedCalls, UnconfirmedView? unconfirmed) =>
        cost is { } usd ? Known(usd, unpricedCalls, unconfirmed) : "";

    static string Known(decimal usd, int unpricedCalls, UnconfirmedView? unconfirmed)
    {
        var cost = unpricedCalls == 0 ? Usd(usd) : usd == 0 ? "cost unknown" : $"{Usd(usd)} and {Count(unpricedCalls, "call")} of unknown cost";
        return unconfirmed is null ? cost : $"{cost}, {Unconfirmed(unconfirmed)}";
    }

    /// <summary>The same for a column of a table: a sum, with <c>+</c> where it may be more, or <c>unknown</c>. A run's own screen has the range.</summary>
    public static string ShortCost(decimal? cost, int unpricedCalls, UnconfirmedView? unconfirmed) =>
        cost is not { } usd ? ""
        : usd == 0 && unpricedCalls > 0 ? "unknown"
        : $"{Usd(usd)}{(unpricedCalls > 0 || unconfirmed is not null ? "+" : "")}";

    public static string Unconfirmed(UnconfirmedView unconfirmed) => unconfirmed.High is { } high
        ? $"up to {Usd(high)} more"
        : $"{Usd(unconfirmed.Low)} or more on top";

    public static string Number(long number) => number.ToString("N0", Culture);

    /// <summary>The number and what it counts, in the plural where it is not one.</summary>
    public static string Count(long number, string thing) => $"{Number(number)} {thing}{(number == 1 ? "" : "s")}";

    public static string Tokens(long input, long output) => $"{Number(input)} in / {Number(output)} out tokens";

    public static string Tokens(Usage usage) => Tokens(usage.TotalInput(), usage.TotalOutput());

    public static string Duration(TimeSpan duration) => duration switch
    {
        { TotalMilliseconds: < 1000 } => $"{Math.Max(0, duration.TotalMilliseconds).ToString("0", Culture)} ms",
        { TotalSeconds: < 60 } => $"{duration.TotalSeconds.ToString("0.0", Culture)} s",
        { TotalMinutes: < 60 } => $"{duration.Minutes} min {duration.Seconds} s",
        { TotalHours: < 24 } => $"{duration.Hours} h {duration.Minutes} min",
        _ => $"{duration.Days} d {duration.Hours} h",
    };

    public static string Bytes(long bytes) => bytes switch
    {
        < 1024 => $"{bytes} B",
        < 1024 * 1024 => $"{(bytes / 1024d).ToString("0.#", Culture)} KiB",
        < 1024L * 1024 * 1024 => $"{(bytes / 1024d / 1024).ToString("0.#", Culture)} MiB",
        _ => $"{(bytes / 1024d / 1024 / 1024).ToString("0.#", Culture)} GiB",
    };

    /// <summary>Local time, for people.</summary>
    public static string Time(DateTimeOffset at) => at.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", Culture);

    /// <summary>Such as <c>since 11:20:14 (12 s)</c>, with the day when it is another than today.</summary>
    public static string Since(DateTimeOffset at, DateTimeOffset now)
    {
        var (local, ago) = (at.ToLocalTime(), now > at ? now - at : TimeSpan.Zero);
        var time = local.ToString(local.Date == now.ToLocalTime().Date ? "HH:mm:ss" : "yyyy-MM-dd HH:mm:ss", Culture);
        return $"since {time} ({Duration(TimeSpan.FromSeconds(Math.Floor(ago.TotalSeconds)))})".Replace(".0 s", " s", StringComparison.Ordinal)
            .Replace("0 ms", "0 s", StringComparison.Ordinal);
    }

    /// <summary>UTC to the millisecond, for logs.</summary>
    public static string Stamp(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", Culture);
}
