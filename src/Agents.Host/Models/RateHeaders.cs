using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace Agents.Host.Models;

/// <summary>
/// What a provider says about its limits with a reply: OpenAI's <c>x-ratelimit-*</c>, which many servers send, or Anthropic's. Null for what it does
/// not say.
/// </summary>
/// <param name="RequestsLeft">Until <paramref name="RequestsReset"/> has passed.</param>
public sealed record RateTold(
    long? RequestsPerMinute, long? TokensPerMinute, long? RequestsLeft, TimeSpan? RequestsReset, long? TokensLeft, TimeSpan? TokensReset)
{
    public bool IsEmpty() => this is { RequestsPerMinute: null, TokensPerMinute: null, RequestsLeft: null, TokensLeft: null };
}

/// <summary>Reads those headers, and carries them past the provider's SDK to the worker that made the call.</summary>
public static partial class RateHeaders
{
    static readonly TimeSpan LongestReset = TimeSpan.FromDays(1);

    /// <summary>
    /// A reset without a unit is of a limit a minute. A larger number of seconds is none of such a limit: it is milliseconds, which some servers
    /// send.
    /// </summary>
    const double MostBareSeconds = 60;

    /// <summary>Whatever a number without a unit means: then the model is tried again, and a provider that has nothing left yet says so.</summary>
    static readonly TimeSpan LongestBare = TimeSpan.FromMinutes(5);

    /// <summary>A number from here on is no wait but a time, in seconds or milliseconds since 1970.</summary>
    const double FirstSecond = 1e9;

    /// <inheritdoc cref="FirstSecond"/>
    const double FirstMillisecond = 1e12;

    static readonly AsyncLocal<LatestReply?> Latest = new();

    /// <summary>What the replies to requests of this asynchronous flow say from now on.</summary>
    public static LatestReply Collect() => Latest.Value = new();

    internal static void Keep(HttpResponseMessage response)
    {
        Latest.Value?.Keep(Read(response.Headers, DateTimeOffset.UtcNow));
    }

    /// <summary>Null when they say nothing about limits.</summary>
    public static RateTold? Read(HttpResponseHeaders headers, DateTimeOffset now)
    {
        var openAI = new RateTold(
            Number("x-ratelimit-limit-requests"), Number("x-ratelimit-limit-tokens"),
            Number("x-ratelimit-remaining-requests"), Duration("x-ratelimit-reset-requests"),
            Number("x-ratelimit-remaining-tokens"), Duration("x-ratelimit-reset-tokens"));
        if (!openAI.IsEmpty()) return openAI;

        var anthropic = new RateTold(
            Number("anthropic-ratelimit-requests-limit"), Number("anthropic-ratelimit-tokens-limit"),
            Number("anthropic-ratelimit-requests-remaining"), Until("anthropic-ratelimit-requests-reset"),
            Number("anthropic-ratelimit-tokens-remaining"), Until("anthropic-ratelimit-tokens-reset"));
        return anthropic.IsEmpty() ? null : anthropic;

        string? Value(string name) => headers.TryGetValues(name, out var values) ? values.First().Trim() : null;

        // A limit of nothing is no limit that calls could wait for.
        long? Number(string name) =>
            long.TryParse(Value(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && (number > 0 || name.Contains("remaining", StringComparison.Ordinal))
                ? number
                : null;

        TimeSpan? Duration(string name) => Value(name) is { } text ? DurationOf(text, now) ?? Until(name) : null;

        TimeSpan? Until(string name) =>
            DateTimeOffset.TryParse(Value(name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
                ? Bounded((at - now).TotalSeconds)
                : Value(name) is { } text ? DurationOf(text, now) : null;
    }

    /// <summary>How long to wait when a provider names this many seconds, or a time in seconds or milliseconds since 1970: 0 to a day.</summary>
    public static TimeSpan Wait(double seconds, DateTimeOffset now) => Bounded(seconds switch
    {
        >= FirstMillisecond => (seconds - now.ToUnixTimeMilliseconds()) / 1000,
        >= FirstSecond => seconds - now.ToUnixTimeMilliseconds() / 1000d,
        _ => seconds,
    });

    /// <summary>
    /// Such as <c>6m0s</c>, <c>12ms</c>, <c>1.5s</c>, a bare number of seconds up to 60 or of milliseconds, or a time in seconds or milliseconds
    /// since 1970. Null for anything else.
    /// </summary>
    public static TimeSpan? DurationOf(string text, DateTimeOffset now)
    {
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var bare))
            return double.IsFinite(bare) ? Bare(bare, now) : null;
        if (!Written().IsMatch(text)) return null;

        var seconds = Part().Matches(text).Sum(part => double.Parse(part.Groups[1].Value, CultureInfo.InvariantCulture) * part.Groups[2].Value switch
        {
            "d" => 86_400, "h" => 3600, "m" => 60, "s" => 1, _ => 0.001,
        });
        return Bounded(seconds);
    }

    static TimeSpan Bare(double number, DateTimeOffset now)
    {
        if (number >= FirstSecond) return Wait(number, now);
        var wait = Bounded(number > MostBareSeconds ? number / 1000 : number);
        return wait < LongestBare ? wait : LongestBare;
    }

    static TimeSpan Bounded(double seconds) => TimeSpan.FromSeconds(Math.Clamp(seconds, 0, LongestReset.TotalSeconds));

    [GeneratedRegex(@"^(\d{1,9}(\.\d+)?(ms|d|h|m|s))+$", RegexOptions.CultureInvariant)]
    private static partial Regex Written();

    [GeneratedRegex(@"(\d{1,9}(?:\.\d+)?)(ms|d|h|m|s)", RegexOptions.CultureInvariant)]
    private static partial Regex Part();

    /// <summary>Where the latest reply's headers are left.</summary>
    public sealed class LatestReply
    {
        long repliedAt;

        /// <summary>Null until a reply has come that says something.</summary>
        public RateTold? Told { get; private set; }

        /// <summary>How long ago the reply began. Null before.</summary>
        public TimeSpan? SinceReply() => repliedAt == 0 ? null : Stopwatch.GetElapsedTime(repliedAt);

        internal void Keep(RateTold? told) => (repliedAt, Told) = (Stopwatch.GetTimestamp(), told ?? Told);
    }
}
