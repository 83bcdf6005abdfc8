using System.Diagnostics.Metrics;
using Agents.Domain.Runs;
using Agents.Host.Cli;
using Agents.Host.Engine.Duties;
using Agents.Host.Engine.Telemetry;
using Agents.Host.Postgres;
using Microsoft.Extensions.DependencyInjection;

namespace Agents.Host.Tests.Duties;

/// <summary>What is set aside is tried again, and seen by the operator.</summary>
[Collection(nameof(PoisonedServer))]
public sealed class SetAsideTests(PoisonedServer server)
{
    [Fact]
    public async Task What_is_set_aside_is_shown_by_doctor_log_and_metrics_and_tried_again_until_it_goes_well()
    {
        using var metrics = new Measured();
        var run = await server.Waiting("Please shred what is unreadable for a while.");
        await server.Poison(run);
        await server.MakeOverdue(run);

        await PoisonedServer.Until(async () => await Failures(run) >= 2, "a second failure");
        var line = server.Log.Lines.First(line => line.Text.Contains($"The duty to expire runs failed for {run}", StringComparison.Ordinal));
        Assert.NotNull(line.Exception!.StackTrace);
        Assert.Contains($"expire runs, {run} of tenant default: failed ", await Doctor(), StringComparison.Ordinal);
        await server.App.Host.Services.GetRequiredService<DutyHost>().NextRound<Watchdog>();
        Assert.Equal(1, metrics.Latest("agents.duty.set_aside", "expire runs"));
        Assert.True(metrics.Latest("agents.duty.failures", "expire runs") >= 2);

        await server.Heal(run, RunStatus.Running);
        await server.App.Until(run, facts => facts[^1] is RunFailed);

        await PoisonedServer.Until(async () => await Failures(run) == 0, "an empty table");
        Assert.DoesNotContain($"{run}", await Doctor(), StringComparison.Ordinal);
        await PoisonedServer.Until(() => Task.FromResult(metrics.Latest("agents.duty.set_aside", "expire runs") == 0), "a metric of nothing");
    }

    [Fact]
    public async Task What_is_not_due_any_more_is_forgotten()
    {
        await server.Execute(
            "insert into agents.set_aside (duty, tenant_id, item, failures, until, reason) values ('expire runs', 'default', 'gone', 3, clock_timestamp() - interval '6 minutes', '')");

        await PoisonedServer.Until(async () =>
            await server.App.Scalar<long>("select count(*) from agents.set_aside where item = 'gone'") == 0, "its end");
    }

    Task<long> Failures(Guid run) =>
        server.App.Scalar<long>("select coalesce(sum(failures), 0) from agents.set_aside where duty = 'expire runs' and item = $1", run.ToString());

    /// <summary>With its password, which the pool keeps to itself.</summary>
    string Connection => server.App.Host.Services.GetRequiredService<DatabaseConnection>().ConnectionString;

    async Task<string> Doctor()
    {
        var output = new StringWriter();
        var data = Path.Combine(Path.GetTempPath(), $"agents-doctor-{Guid.NewGuid():N}");
        await CommandLine.Run(["doctor", "--data", data], output, new StringWriter(), $"--ConnectionStrings:agents={Connection}");
        return output.ToString().ReplaceLineEndings(" ");
    }

    /// <summary>What this process measures of duties.</summary>
    sealed class Measured : IDisposable
    {
        readonly MeterListener listener = new();
        readonly Dictionary<(string Metric, string Duty), long> measured = [];

        public Measured()
        {
            listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == RunTelemetry.Name && instrument.Name.StartsWith("agents.duty.", StringComparison.Ordinal))
                    listener.EnableMeasurementEvents(instrument);
            };
            listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
            listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            listener.Start();
        }

        public long Latest(string metric, string duty)
        {
            lock (measured)
            {
                if (metric.EndsWith("set_aside", StringComparison.Ordinal)) measured.Remove((metric, duty));
                listener.RecordObservableInstruments();
                return measured.GetValueOrDefault((metric, duty));
            }
        }

        public void Dispose() => listener.Dispose();

        void Add(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            foreach (var (key, duty) in tags)
                if (key == "duty")
                    lock (measured) measured[(instrument.Name, (string)duty!)] = measured.GetValueOrDefault((instrument.Name, (string)duty!)) + value;
        }
    }
}
