using Agents.Host.Catalog;
using Agents.Host.Engine.Requests;
using Agents.Host.Engine.Schedules;
using Microsoft.AspNetCore.Mvc;

namespace Agents.Host.Api.Schedules;

/// <summary>What is wrong with a schedule that is asked for.</summary>
static class ScheduleRequests
{
    const int NameCharacters = 100;
    const int CronCharacters = 200;
    const int MostMissed = 100;

    /// <summary>Null when nothing is.</summary>
    /// <param name="name">From the body, or from the address.</param>
    public static ProblemDetails? Problem(ScheduleRequest wanted, string? name, AgentCatalog agents, DateTimeOffset now)
    {
        if (name is null || !IsName(name)) return Refuse("Bad name", $"A name has 1 to {NameCharacters} letters, digits, dots, dashes and underscores.");
        if (string.IsNullOrWhiteSpace(wanted.Cron) || wanted.Cron.Length > CronCharacters) return Refuse("Bad cron", "Say when, such as \"0 7 * * 1-5\" for seven on working days.");
        if (Timetable.Parse(wanted.Cron, wanted.TimeZone, out var problem) is not { } times) return Refuse("Bad time", problem!);
        if (times.After(now) is null) return Refuse("Never due", $"\"{wanted.Cron}\" names no time that will come.");
        if (wanted.MissedMost is < 1 or > MostMissed) return Refuse("Bad missedMost", $"It is from 1 to {MostMissed}.");
        if (wanted.Run is not { } run) return Refuse("No run", "Say what is to be run: {\"agent\": \"research\", \"question\": \"What is new?\"}.");
        if (run is not { NotBefore: null, Deadline: null, ThreadId: null, Multitask: null, IdempotencyKey: null })
            return Refuse("Not in a schedule", "The run of a schedule has no notBefore, deadline, threadId, multitask or idempotencyKey: the schedule says when.");
        return RunRequests.Problem(run, agents, now);
    }

    public static IResult NotFound(string name) => Results.Problem(
        statusCode: 404, title: "Unknown schedule", detail: IsName(name) ? $"There is no schedule {name}. GET /schedules lists all." : "There is no such schedule.");

    static bool IsName(string name) =>
        name.Length is > 0 and <= NameCharacters && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_') && name.Any(char.IsAsciiLetterOrDigit);

    static ProblemDetails Refuse(string title, string detail) => new() { Status = 400, Title = title, Detail = detail };
}
