using Agents.Host.Audit;
using Agents.Host.Tools;
using Alba;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Agents.Host.Tests.Operations;

/// <summary>The audit of runs that branch, loop and work on lists.</summary>
public sealed class VerifyStepsTests
{
    [Fact]
    public async Task Runs_that_decide_are_sound_and_a_step_that_did_not_follow_is_found()
    {
        const string Letter = "A letter to be verified.", Sum = "A sum to be verified.";
        var connection = await TestDatabase.CreatePrepared("steps");
        var model = new ScriptedModel().Says(Letter, "one two three four", "shorter", "one two")
            .Says(Sum, """{"numbers":[{"n":"1"},{"n":"x"}]}""", "Two.");
        Guid letter;
        await using (var host = await AlbaHost.For<Program>(web =>
        {
            web.UseSetting("ConnectionStrings:agents", connection);
            web.UseSetting("urls", "http://127.0.0.1:0");
            web.ConfigureServices(services =>
            {
                services.Replace(ServiceDescriptor.Singleton<IChatClient>(model));
                services.AddSingleton(new ToolAssembly(typeof(App).Assembly));
                foreach (var agent in TestAgents.All) services.AddSingleton(agent);
            });
        }))
        {
            letter = await SoundDatabase.Queue(host, Letter, "shortener");
            await SoundDatabase.Until(host, letter, "completed");
            await SoundDatabase.Until(host, await SoundDatabase.Queue(host, Sum, "adder"), "completed");
        }

        var report = (await Verification.Run(connection, ledger: null, tenant: null, CancellationToken.None))!;
        Assert.All(report.Invariants, invariant => Assert.Empty(invariant.Shown));

        await SoundDatabase.Execute(connection, $"""
            update agents.mt_events set data = jsonb_set(data, '{"{step}"}', '4')
            where stream_id = '{letter}' and type = 'step_skipped' and data->>'step' = '2'
            """);
        var spoilt = (await Verification.Run(connection, ledger: null, tenant: null, CancellationToken.None))!;
        Assert.Contains(spoilt.Invariants.Single(invariant => invariant.Id == "I2").Shown, shown =>
            shown.EndsWith("began steps 0, 1, 2, 0, 1 and completed steps 0, 1, 2, 0, 1, which shortener does not", StringComparison.Ordinal));
    }
}
