using System.CommandLine;
using System.Globalization;

namespace Agents.Host.Cli;

/// <summary>The option <c>--since</c>: a day, or a time with an offset; without one it is UTC.</summary>
static class SinceOption
{
    public static Option<DateTimeOffset?> Create(string description, string name = "--since") => new(name)
    {
        Description = description, HelpName = "TIME",
        CustomParser = parsed =>
        {
            var written = parsed.Tokens[0].Value;
            if (TryParse(written, out var time)) return time;
            parsed.AddError($"'{written}' is no time. Write it as 2026-11-01 or 2026-11-01T12:00:00Z.");
            return null;
        },
    };

    /// <summary>Whether the text is such a time.</summary>
    public static bool TryParse(string written, out DateTimeOffset time) =>
        DateTimeOffset.TryParse(written, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
}
