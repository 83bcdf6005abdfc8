using System.Collections.Concurrent;
using System.Globalization;
using Agents.Host.Tests.Models;

namespace Agents.Crash.Tests.Scenarios;

/// <summary>Of 100 requests 30 are told to wait 1 to 3 s, 10 are refused, 5 get no answer and 5 a reply that breaks off.</summary>
public sealed class ProviderStorm(Play play) : Fault
{
    readonly Random random = new(play.Seed + 7);
    readonly ConcurrentDictionary<string, Weather> told = [];
    volatile bool isOver;

    static readonly TimeSpan FirstToken = TimeSpan.FromSeconds(2);

    enum Kind { Answered, ToldToWait, Refused, Silence, BrokenOff }

    public override string Name => "requests spoilt";

    public override IEnumerable<(string Name, string Value)> Settings(int node) => [("Models__FirstTokenTimeout", $"{FirstToken.TotalSeconds}"), ("Models__CallTimeout", "6")];

    /// <summary>It passes when there was enough of it: while it lasts, each request to wait holds up all runs of the model.</summary>
    internal override async Task Rage(Rig rig)
    {
        while (await rig.Waited(TimeSpan.FromSeconds(1))) { }
        isOver = true;
    }

    public override FakeReply? Reply(FakeRequest request)
    {
        var luck = isOver ? 99 : random.Next(100);
        var kind = luck switch { < 30 => Kind.ToldToWait, < 40 => Kind.Refused, < 45 => Kind.Silence, < 50 => Kind.BrokenOff, _ => Kind.Answered };
        var wait = random.Next(1, 4);
        if (request.Headers.TryGetValue("X-Client-Request-Id", out var id))
            told[id] = new(kind, request.At, TimeSpan.FromSeconds(kind is Kind.ToldToWait ? wait : 0));
        if (kind is not Kind.Answered) Record(hadRuns: true);
        return kind switch
        {
            Kind.ToldToWait => FakeReply.Error(429, "Slow down.", wait.ToString(CultureInfo.InvariantCulture)),
            Kind.Refused => FakeReply.Error(random.Next(2) == 0 ? 500 : 503, "Overloaded."),
            Kind.Silence => FakeReply.Silence,
            Kind.BrokenOff => FakeReply.Answer($"reply {request.Number}", new(1000, 100)) with { StopAfterBytes = 300 },
            _ => FakeReply.Answer($"reply {request.Number}", new(1000, 100)) with { Delay = TimeSpan.FromMilliseconds(random.Next(20, 100)) },
        };
    }

    internal override async Task<IEnumerable<string>> Problems(Rig rig)
    {
        var outcomes = (await rig.Database.TryRows(
            """
            select o.stream_id || '/' || (o.data->>'call') || '/' || (o.data->>'attempt'), o.type, coalesce(o.data->>'cause', ''),
              coalesce((o.data->>'highUsd')::numeric, 0) > 0, extract(epoch from o.timestamp - s.timestamp)::float8
            from agents.mt_events o join agents.mt_events s on s.stream_id = o.stream_id and s.tenant_id = o.tenant_id and s.type = 'model_call_started'
              and s.data->>'call' = o.data->>'call' and s.data->>'attempt' = o.data->>'attempt'
            where o.type in ('model_call_completed', 'model_call_failed', 'model_call_outcome_unknown')
            """))!.ToDictionary(
                row => (string)row[0], row => new Outcome((string)row[1], (string)row[2], (bool)row[3], TimeSpan.FromSeconds((double)row[4])));
        return told.SelectMany(request => ProblemsOf(request.Key, request.Value, outcomes.GetValueOrDefault(request.Key)));
    }

    IEnumerable<string> ProblemsOf(string id, Weather weather, Outcome? outcome)
    {
        var expected = weather.Kind switch
        {
            Kind.Answered => ("model_call_completed", "", false),
            Kind.ToldToWait or Kind.Refused => ("model_call_failed", "", false),
            Kind.Silence => TimedOut,
            _ => ("model_call_outcome_unknown", "StreamCut", true),
        };
        var wasTooLate = outcome?.Took >= FirstToken && outcome.Said == TimedOut; // on a machine so slow, whatever the provider did
        if (outcome?.Said != expected && !wasTooLate) yield return $"Attempt {id}: the provider did {weather.Kind}, the facts say {outcome}.";

        var (call, attempt) = (id[..id.LastIndexOf('/')], int.Parse(id[(id.LastIndexOf('/') + 1)..], CultureInfo.InvariantCulture));
        if (told.TryGetValue($"{call}/{attempt + 1}", out var next) && next.At < weather.At + weather.Wait)
            yield return $"Attempt {id} was told at {weather.At:O} to wait for {weather.Wait.TotalSeconds} s, and the next came at {next.At:O}.";
    }

    static readonly (string, string, bool) TimedOut = ("model_call_outcome_unknown", "TimedOut", true);

    /// <param name="HasBound">The most that it can have cost is known.</param>
    /// <param name="Took">From the intent to the outcome.</param>
    sealed record Outcome(string Type, string Cause, bool HasBound, TimeSpan Took)
    {
        public (string, string, bool) Said => (Type, Cause, HasBound);
    }

    /// <param name="Wait">How long the provider asked to be left alone.</param>
    sealed record Weather(Kind Kind, DateTimeOffset At, TimeSpan Wait);
}
