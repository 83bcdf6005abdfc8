using System.CommandLine;
using System.Text.Json;
using Agents.Domain.Schedules;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Display;
using Agents.Host.Cli.Runs;
using Agents.Host.Engine.Requests;
using Agents.Host.Engine.Schedules;
using Agents.Host.Http;

namespace Agents.Host.Cli.Queue;

/// <summary>Looks at and changes what is run again and again.</summary>
static class ScheduleVerb
{
    internal static readonly Argument<string> Name = new("name") { Description = "Of the schedule." };
    static readonly Option<string> Cron = new("--cron")
    {
        Description = "Minute, hour, day, month, day of the week; six fields begin with the second.", HelpName = "C", Required = true
    };
    static readonly Option<string> Question = new("--question") { Description = "What is asked each time.", HelpName = "Q", Required = true };
    static readonly Option<string> Agent = new("--agent") { Description = "Who is asked.", HelpName = "A", DefaultValueFactory = _ => "research" };
    static readonly Option<string> Zone = new("--zone")
    {
        Description = "Time zone, such as Europe/Berlin.", HelpName = "Z", DefaultValueFactory = _ => "UTC"
    };
    static readonly Option<string?> Priority = new("--priority") { Description = "0 to 9, or low, normal, high, urgent.", HelpName = "P" };
    static readonly Option<Overlap> OverlapOption = new("--overlap")
    {
        Description = "skip, queue or cancel, when the run before has not ended.", HelpName = "O", DefaultValueFactory = _ => Overlap.Skip
    };
    static readonly Option<Missed> MissedOption = new("--missed")
    {
        Description = "skip, once or all, when no server ran at the time.", HelpName = "M", DefaultValueFactory = _ => Missed.Once
    };

    public static Command Create(Verb verb) => verb.Lists(
        new("schedules", "Shows and changes what is run again and again."), List,
        verb.Does(new("show", "Shows a schedule, when it fires next, its latest runs and changes.") { Name }, ScheduleDetailVerbs.Show),
        verb.Does(new("create", "Makes a schedule.") { Name, Cron, Question, Agent, Zone, Priority, OverlapOption, MissedOption }, Make),
        ScheduleDetailVerbs.Change(verb),
        verb.Does(new("pause", "Stops a schedule from firing.") { Name }, (call, ct) => Change(call, "pause", ct)),
        verb.Does(new("resume", "Lets a paused schedule fire again.") { Name }, (call, ct) => Change(call, "resume", ct)),
        verb.Does(new("run", "Asks for a schedule's run now.") { Name }, RunNow),
        verb.Does(new Command("remove", "Removes a schedule; its runs stay.") { Name }.Also("delete"), Delete));

    static async Task<int> List(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var answer = await server.Api.Get("schedules", ct);
        if (call.IsJson) call.Screen.Json(answer);
        else if (answer.As<Page<ScheduleView>>().Items is { Count: > 0 } schedules)
            Table.Print(call.Screen, ["name", "-cron", "-zone", "next", "-last", "outcome", "-agent", "*question"], [.. schedules.Select(RowOf)]);
        else call.Inform("No schedules. Make one: agents schedules create morning --cron \"0 7 * * 1-5\" --question \"What is new?\"");
        return ExitCodes.Ok;
    }

    static async Task<int> Make(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var priority = call.Parsed.GetValue(Priority);
        object? level = int.TryParse(priority, out var number) ? number : priority;
        var run = new QueueRunRequest(
            call.Parsed.GetValue(Agent), call.Parsed.GetValue(Question), level is null ? null : JsonSerializer.SerializeToElement(level));
        var wanted = new ScheduleRequest(
            call.Parsed.GetValue(Cron), run, call.Parsed.GetValue(Name), call.Parsed.GetValue(Zone)!, call.Parsed.GetValue(OverlapOption),
            call.Parsed.GetValue(MissedOption));
        return Print(call, await server.Api.Post("schedules", wanted, ct));
    }

    static async Task<int> Change(Call call, string what, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        return Print(call, await server.Api.Post($"schedules/{Uri.EscapeDataString(call.Parsed.GetValue(Name)!)}/{what}", new { }, ct));
    }

    static async Task<int> RunNow(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct);
        var answer = await server.Api.Post($"schedules/{Uri.EscapeDataString(call.Parsed.GetValue(Name)!)}/run", new { }, ct);
        var id = answer.As<QueuedRun>().Id;
        if (call.IsJson) call.Screen.Json(answer);
        else call.Screen.Line($"Run {RunIds.Brief(id)} is queued. Follow it: [bold]agents tail {RunIds.Brief(id)}[/]");
        return ExitCodes.Ok;
    }

    static async Task<int> Delete(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        await server.Api.Delete($"schedules/{Uri.EscapeDataString(call.Parsed.GetValue(Name)!)}", ct);
        if (!call.IsJson) call.Screen.Line("Removed.");
        return ExitCodes.Ok;
    }

    internal static int Print(Call call, JsonElement answer)
    {
        if (call.IsJson)
        {
            call.Screen.Json(answer);
            return ExitCodes.Ok;
        }

        var schedule = answer.As<ScheduleView>();
        call.Screen.Line(
            schedule.Paused ? $"{Screen.Safe(schedule.Name)} is paused." : $"{Screen.Safe(schedule.Name)} fires next {NextOf(schedule)}.");
        return ExitCodes.Ok;
    }

    static string[] RowOf(ScheduleView schedule) =>
    [
        schedule.Name, schedule.Cron, schedule.TimeZone, NextOf(schedule), schedule.Last is { } last ? Formats.Time(last) : "",
        schedule.LastOutcome ?? "",
        schedule.Run.Agent ?? "", Screen.Clip(schedule.Run.Question, 200),
    ];

    internal static string NextOf(ScheduleView schedule) => schedule switch
    {
        { Paused: true } => "paused",
        { Next: { } next } => Formats.Time(next),
        _ => "never",
    };
}
