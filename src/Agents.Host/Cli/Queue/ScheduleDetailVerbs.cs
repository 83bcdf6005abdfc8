using System.CommandLine;
using System.Text.Json;
using Agents.Domain.Schedules;
using Agents.Host.Cli.Display;
using Agents.Host.Cli.Runs;
using Agents.Host.Engine.Schedules;

namespace Agents.Host.Cli.Queue;

/// <summary>Shows one schedule, and changes what is said of it and nothing else.</summary>
static class ScheduleDetailVerbs
{
    const int MostShown = 10;

    static readonly Option<string?> Cron = new("--cron")
    {
        Description = "Minute, hour, day, month, day of the week; six fields begin with the second.", HelpName = "C"
    };
    static readonly Option<string?> Question = new("--question") { Description = "What is asked each time.", HelpName = "Q" };
    static readonly Option<string?> Agent = new("--agent") { Description = "Who is asked.", HelpName = "A" };
    static readonly Option<string?> Zone = new("--zone") { Description = "Time zone, such as Europe/Berlin.", HelpName = "Z" };
    static readonly Option<string?> Priority = new("--priority") { Description = "0 to 9, or low, normal, high, urgent.", HelpName = "P" };
    static readonly Option<Overlap?> OverlapOption = new("--overlap")
    {
        Description = "skip, queue or cancel, when the run before has not ended.", HelpName = "O"
    };
    static readonly Option<Missed?> MissedOption = new("--missed")
    {
        Description = "skip, once or all, when no server ran at the time.", HelpName = "M"
    };

    public static Command Change(Verb verb)
    {
        var command = new Command("change", "Changes what is said of a schedule, and nothing else.")
        {
            ScheduleVerb.Name, Cron, Question, Agent, Zone, Priority, OverlapOption, MissedOption,
        };
        command.Validators.Add(parsed =>
        {
            if (command.Options.All(option => parsed.GetResult(option) is null)) parsed.AddError("Say what is to change, such as --cron \"0 8 * * *\".");
        });
        return verb.Does(command, Change);
    }

    static async Task<int> Change(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var (parsed, path) = (call.Parsed, PathOf(call));
        var now = (await server.Api.Get(path, ct)).As<ScheduleDetails>().Schedule;
        var priority = parsed.GetValue(Priority);
        object? level = int.TryParse(priority, out var number) ? number : priority;
        var run = now.Run with
        {
            Question = parsed.GetValue(Question) ?? now.Run.Question, Agent = parsed.GetValue(Agent) ?? now.Run.Agent,
            Priority = level is null ? now.Run.Priority : JsonSerializer.SerializeToElement(level),
        };
        return ScheduleVerb.Print(call, await server.Api.Put(path, new ScheduleRequest(
            parsed.GetValue(Cron) ?? now.Cron, run, TimeZone: parsed.GetValue(Zone) ?? now.TimeZone,
            Overlap: parsed.GetValue(OverlapOption) ?? now.Overlap, Missed: parsed.GetValue(MissedOption) ?? now.Missed, MissedMost: now.MissedMost,
            Paused: now.Paused), ct));
    }

    public static async Task<int> Show(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var answer = await server.Api.Get(PathOf(call), ct);
        if (call.IsJson)
        {
            call.Screen.Json(answer);
            return ExitCodes.Ok;
        }

        var (screen, details) = (call.Screen, answer.As<ScheduleDetails>());
        var schedule = details.Schedule;
        screen.Line($"[bold]{Screen.Safe(schedule.Name)}[/]  {Screen.Safe(schedule.Cron)} in {Screen.Safe(schedule.TimeZone)}");
        screen.Line(Screen.Safe($"asks {schedule.Run.Agent}: {schedule.Run.Question}"));
        screen.Line(
            $"[grey]when the run before has not ended: {Word(schedule.Overlap)} · when no server ran: {Word(schedule.Missed)} · "
            + $"made by {Screen.Safe(schedule.CreatedBy)} {Formats.Time(schedule.CreatedAt)}[/]");
        screen.Line(schedule.Paused ? $"{Marks.Paused} paused" : $"fires next {ScheduleVerb.NextOf(schedule)}");
        foreach (var time in details.Upcoming.Skip(1)) screen.Line($"[grey]      then {Screen.Safe(time)}[/]");
        if (details.Runs.Count > 0) screen.Line();
        foreach (var run in details.Runs.Take(MostShown))
            screen.Line($"{Marks.Of(run.Status)} {RunIds.Brief(run.Id)}  {run.Status,-9}  {Formats.Time(run.QueuedAt)}");
        if (details.Changes.Count > 0) screen.Line();
        foreach (var change in details.Changes.Take(MostShown))
            screen.Line($"[grey]{Formats.Time(change.At)}  {Screen.Safe(change.Change)} by {Screen.Safe(change.By)}[/]");
        return ExitCodes.Ok;
    }

    static string PathOf(Call call) => $"schedules/{Uri.EscapeDataString(call.Parsed.GetValue(ScheduleVerb.Name)!)}";

    static string Word(Enum word) => word.ToString().ToLowerInvariant();
}
