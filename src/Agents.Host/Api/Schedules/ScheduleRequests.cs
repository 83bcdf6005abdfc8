using Agents.Host.Catalog;
using Agents.Host.Engine.Requests;
using Agents.Host.Engine.Schedules;
using Agents.Host.Http;
using Agents.Host.Models;
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
    /// <param name="agent">What its run's name of an agent stands for now.</param>
    public static ProblemDetails? Problem(ScheduleRequest wanted, string? name, AskedAgent agent, ModelProviders models, DateTimeOffset now)
    {
        if (name is null || !IsName(name))
            return Refusals.Malformed("Bad name", $"A name has 1 to {NameCharacters} letters, digits, dots, dashes and underscores.");
        if (string.IsNullOrWhiteSpace(wanted.Cron) || wanted.Cron.Length > CronCharacters)
            return Refusals.Malformed("Bad cron", "Say when, such as \"0 7 * * 1-5\" for seven on working days.");
        if (Timetable.Parse(wanted.Cron, wanted.TimeZone, out var problem) is not { } times) return Refusals.Malformed("Bad time", problem!);
        if (times.After(now) is null) return Refusals.Malformed("Never due", $"\"{wanted.Cron}\" names no time that will come.");
        if (wanted.MissedMost is < 1 or > MostMissed) return Refusals.Malformed("Bad missedMost", $"It is from 1 to {MostMissed}.");
        if (wanted.Run is not { } run)
            return Refusals.Malformed("No run", "Say what is to be run: {\"agent\": \"research\", \"question\": \"What is new?\"}.");
        if (run is not { NotBefore: null, Deadline: null, ThreadId: null, Multitask: null, IdempotencyKey: null })
            return Refusals.Malformed(
                "Not in a schedule",
                "The run of a schedule has no notBefore, deadline, threadId, multitask or idempotencyKey: the schedule says when.");
        return RunRequests.Problem(run, agent, models, now)?.Problem();
    }

    public static IResult NotFound(string name) =>
        Refusals.Unknown(
            "Unknown schedule", IsName(name) ? $"There is no schedule {name}. GET /schedules lists all." : "There is no such schedule.").Answer();

    static bool IsName(string name) =>
        name.Length is > 0 and <= NameCharacters && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')
            && name.Any(char.IsAsciiLetterOrDigit);
}
