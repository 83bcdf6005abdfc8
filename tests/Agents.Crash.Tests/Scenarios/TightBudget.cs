using System.Net.Http.Json;

namespace Agents.Crash.Tests.Scenarios;

/// <summary>
/// All runs begin at once, on a budget with room for a few calls; whenever they stand still it is raised by as much again, until all have ended.
/// </summary>
public sealed class TightBudget : Fault
{
    const decimal StepUsd = 0.004m;
    const string Budget = "/budgets/tenant/default";

    static readonly TimeSpan RaisedEvery = TimeSpan.FromSeconds(1);

    readonly List<string> overdrawn = [];

    public override string Name => "raises of the budget";

    public override bool Drives => true;

    internal override async Task Rage(Rig rig)
    {
        await Tell(rig, client => client.PutAsJsonAsync($"{Budget}?period=total", new { limitUsd = StepUsd }));
        var runs = await Task.WhenAll(Enumerable.Range(0, rig.Play.Runs)
            .Select(number => rig.Ask($"Question {number} of seed {rig.Play.Seed}?", $"budget-{number}", number)));
        var patience = System.Diagnostics.Stopwatch.StartNew();
        for (var raised = patience.Elapsed; patience.Elapsed < rig.Play.QuietWithin; await Task.Delay(50))
        {
            await Look(rig);
            if (patience.Elapsed - raised < RaisedEvery) continue;
            raised = patience.Elapsed;
            if (await rig.Database.TryRows(
                "select 1 from agents.run_summary where run_id = any($1) and finished_at is null limit 1", runs) is { Count: 0 }) return;
            await Tell(rig, client => client.PostAsJsonAsync($"{Budget}/raise?period=total", new { byUsd = StepUsd }));
            Record(hadRuns: true);
        }
    }

    internal override Task<IEnumerable<string>> Problems(Rig rig) =>
        Task.FromResult<IEnumerable<string>>([.. overdrawn.Take(3),
            .. Struck < rig.Play.Faults ? [$"The budget was raised {Struck} times: it was hardly in anybody's way."] : Array.Empty<string>()]);

    async Task Look(Rig rig)
    {
        foreach (var row in await rig.Database.TryRows(
            "select spent_usd, reserved_usd, limit_usd from finance.budget_period where spent_usd + reserved_usd > limit_usd") ?? [])
            overdrawn.Add(FormattableString.Invariant($"{row[0]} USD were spent and {row[1]} reserved of {row[2]}."));
    }

    static async Task Tell(Rig rig, Func<HttpClient, Task<HttpResponseMessage>> command)
    {
        using var answer = await command(rig.Nodes[0].Server!.Client);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}\n{rig.Nodes[0].Output}");
    }
}
