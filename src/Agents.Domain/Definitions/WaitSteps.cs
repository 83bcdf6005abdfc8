using System.Globalization;
using Agents.Domain.Runs;

namespace Agents.Domain.Definitions;

/// <summary>What a wait step may say.</summary>
static class WaitSteps
{
    /// <summary>A time as wait steps read it.</summary>
    public const string Example = "2026-12-01T09:00:00+01:00";

    /// <summary>ISO 8601; <c>K</c> would take a time without an offset, too.</summary>
    static readonly string[] Formats =
        [.. new[] { "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF" }.SelectMany(time => new[] { time + "zzz", time + "'Z'" })];

    /// <summary>The time that the text names, in UTC. Null when it names none, or has no offset.</summary>
    public static DateTimeOffset? Time(string text) =>
        DateTimeOffset.TryParseExact(text.Trim(), Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time.ToUniversalTime()
            : null;

    /// <summary>What is wrong with the wait steps, in sentences; empty when nothing is. What they read is judged with all other steps.</summary>
    public static IEnumerable<string> Problems(AgentDefinition agent)
    {
        var longest = agent.Limits.Duration ?? Limits.DefaultDuration;
        foreach (var step in agent.Steps.OfType<WaitStep>())
        {
            if (step is { For: null, Until: null, Signal: null })
                yield return $"Step {step.Name} waits for nothing: give it a time or a signal.";
            if (step.For <= TimeSpan.Zero) yield return $"Step {step.Name} must wait longer than nothing.";
            if (step.For >= longest)
                yield return $"Step {step.Name} waits {step.For}, and the run may take {longest}: raise its limit on duration.";
            if (step.Signal is { } signal && !SignalBounds.IsName(signal))
                yield return $"Step {step.Name} waits for a signal whose name is not 1 to {SignalBounds.NameCharacters} of a-z, 0-9, _ . and -.";
            if (step.Until is Argument.EachLine or Argument.Item) yield return $"Step {step.Name} may wait until one time, not several.";
            if (step.Until is Argument.Text text && Time(text.Value) is null)
                yield return $"Step {step.Name} waits until \"{Sanitiser.Text(text.Value, 60)}\", which is no time with an offset, such as {Example}.";
        }
    }
}
