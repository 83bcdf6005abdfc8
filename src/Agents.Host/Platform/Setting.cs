using System.Globalization;

namespace Agents.Host.Platform;

/// <summary>
/// One setting of the server: its key, its default and its range, stated once. The table in <c>docs/configuration.md</c> is compared with it.
/// </summary>
/// <param name="Key">Such as <c>Workers:MaxRuns</c>.</param>
public abstract record Setting(string Key)
{
    /// <summary>The same key as an environment variable.</summary>
    public string EnvironmentKey => Key.Replace(":", "__", StringComparison.Ordinal);

    /// <summary>The default, as the documentation shows it.</summary>
    public abstract string DefaultText { get; }

    /// <summary>The range, as the documentation shows it.</summary>
    public abstract string RangeText { get; }

    /// <summary>The operator has given it a value.</summary>
    public bool IsSet(IConfiguration configuration) => Written(configuration) is not null;

    /// <summary>The start is refused; the message names the key in both spellings.</summary>
    /// <param name="problem">What is wrong with it: never with a secret in it.</param>
    public StartRefusedException Refusal(string problem) => new($"{Key} ({EnvironmentKey}) {problem}");

    /// <summary>Null when there is none, or it is blank.</summary>
    protected string? Written(IConfiguration configuration) => configuration[Key]?.Trim() is { Length: > 0 } written ? written : null;
}

/// <summary>A whole number.</summary>
public sealed record NumberSetting(string Key, int Default, int Least, int Most) : Setting(Key)
{
    public override string DefaultText => Default.ToString(CultureInfo.InvariantCulture);

    public override string RangeText => FormattableString.Invariant($"{Least:N0} to {Most:N0}");

    /// <exception cref="StartRefusedException">It is no whole number, or out of range.</exception>
    public int Read(IConfiguration configuration)
    {
        if (Written(configuration) is not { } written) return Default;
        return int.TryParse(written, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= Least && number <= Most
            ? number
            : throw Refusal($"is '{written}'; it must be a whole number, {RangeText}.");
    }
}

/// <summary>A duration, written as seconds or as <c>hh:mm:ss</c>.</summary>
public sealed record TimeSetting(string Key, TimeSpan Default, TimeSpan Least, TimeSpan Most) : Setting(Key)
{
    /// <summary>Far above every range: what is larger is no duration.</summary>
    const double MostSeconds = 1e9;

    public override string DefaultText => $"`{Show(Default)}`";

    public override string RangeText => $"`{Show(Least)}` to `{Show(Most)}`";

    /// <exception cref="StartRefusedException">It is no duration, or out of range.</exception>
    public TimeSpan Read(IConfiguration configuration)
    {
        if (Written(configuration) is not { } written) return Default;
        return Parse(written) is { } time && time >= Least && time <= Most
            ? time
            : throw Refusal($"is '{written}'; it must be seconds or hh:mm:ss, from {Show(Least)} to {Show(Most)}.");
    }

    /// <summary>A bare number is seconds: <see cref="TimeSpan"/> alone would take it for days.</summary>
    static TimeSpan? Parse(string written)
    {
        if (double.TryParse(written, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds))
            return Math.Abs(seconds) < MostSeconds ? TimeSpan.FromSeconds(seconds) : null;
        return TimeSpan.TryParse(written, CultureInfo.InvariantCulture, out var span) ? span : null;
    }

    static string Show(TimeSpan time) => time.ToString(time.Milliseconds == 0 ? @"hh\:mm\:ss" : @"hh\:mm\:ss\.fff", CultureInfo.InvariantCulture);
}

/// <summary>One of a few words, in any case of letters.</summary>
public sealed record WordSetting<T>(string Key, T Default) : Setting(Key) where T : struct, Enum
{
    public override string DefaultText => $"`{Show(Default)}`";

    public override string RangeText => string.Join(", ", Enum.GetValues<T>().Select(word => $"`{Show(word)}`"));

    /// <exception cref="StartRefusedException">It is none of them.</exception>
    public T Read(IConfiguration configuration)
    {
        if (Written(configuration) is not { } written) return Default;
        return written.All(char.IsAsciiLetter) && Enum.TryParse<T>(written, ignoreCase: true, out var word)
            ? word
            : throw Refusal($"is '{written}'; it must be one of {string.Join(", ", Enum.GetValues<T>().Select(Show))}.");
    }

    static string Show(T word) => word.ToString().ToLowerInvariant();
}

/// <summary>Yes or no.</summary>
public sealed record FlagSetting(string Key) : Setting(Key)
{
    public override string DefaultText => "`false`";

    public override string RangeText => "`true`, `false`";

    /// <exception cref="StartRefusedException">It is neither.</exception>
    public bool Read(IConfiguration configuration)
    {
        if (Written(configuration) is not { } written) return false;
        return bool.TryParse(written, out var flag) ? flag : throw Refusal($"is '{written}'; it must be true or false.");
    }
}

/// <summary>Text whose meaning its reader checks.</summary>
/// <param name="DefaultText">As the documentation shows it.</param>
/// <param name="RangeText">As the documentation shows it.</param>
public sealed record TextSetting(string Key, string DefaultText, string RangeText) : Setting(Key)
{
    public override string DefaultText { get; } = DefaultText;

    public override string RangeText { get; } = RangeText;

    /// <summary>Null when the operator has given none.</summary>
    public string? Read(IConfiguration configuration) => Written(configuration);
}
