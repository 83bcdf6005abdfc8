namespace Agents.Host.Cli.Display;

/// <summary>A step on one line: mark, name, what it did, duration, tokens.</summary>
public static class StepLines
{
    /// <summary>Mark, name, duration and tokens with the gaps between them.</summary>
    const int Fixed = 2 + Name + 2 + 2 + Duration + 2 + Tokens;

    /// <summary>Least that is left for what the step did; on a narrower screen the tokens are left out.</summary>
    const int LeastSays = 24;

    const int Name = 11;
    const int Duration = 10;
    const int Tokens = 20;

    /// <summary>A step that is over. One with a call that may or may not have had its effect is not marked as done.</summary>
    public static string Over(StepProgress step, int width) => Markup(
        step.Doubt is null ? Marks.Done : Marks.InDoubt, step, "default", (step.EndedAt - step.StartedAt) ?? default, width);

    /// <summary>A step in which the run has stopped, or is.</summary>
    /// <param name="status">Of the run; <c>waiting</c> of one that runs and waits for something.</param>
    public static string Unfinished(StepProgress step, string status, int width) =>
        Markup(step.Doubt is null ? Marks.Of(status) : Marks.InDoubt, step, "default", null, width);

    public static string Running(StepProgress step, string spinner, TimeSpan since, int width) =>
        Markup($"[yellow]{spinner}[/]", step, "grey", since, width);

    public static string ToCome(StepProgress step) => $"[grey]· {Screen.Safe(step.Name)}[/]";

    public static string Skipped(StepProgress step, int width)
    {
        var why = Screen.Clip(step.WasSkipped, Math.Max(10, width - Fixed - 1));
        return $"[grey]– {Screen.Safe(Screen.Fit(step.Name, Name))}  skipped: {Screen.Safe(why)}[/]";
    }

    static string Markup(string mark, StepProgress step, string text, TimeSpan? took, int width)
    {
        var hasTokens = width - Fixed - 1 >= LeastSays;
        var tokens = step.InputTokens + step.OutputTokens == 0 || !hasTokens
            ? ""
            : $"{Formats.Number(step.InputTokens)} in / {Formats.Number(step.OutputTokens)} out";
        var numbers = $"{(took is { } time ? Formats.Duration(time) : ""),Duration}  {tokens,Tokens}".TrimEnd();
        var room = Math.Max(10, width - Fixed - 1 + (hasTokens ? Math.Min(0, Tokens - tokens.Length) : Tokens + 2));
        var start = $"{mark} [bold]{Screen.Safe(Screen.Fit(step.Name, Name))}[/]  ";
        return numbers.Length == 0
            ? $"{start}[{text}]{Screen.Safe(Screen.Clip(step.Says, width - Name - 5))}[/]"
            : $"{start}[{text}]{Screen.Safe(Screen.Fit(step.Says, room))}[/]  [grey]{numbers}[/]";
    }
}
