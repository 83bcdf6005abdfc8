using System.Diagnostics.Metrics;
using Agents.Domain.Runs;
using Agents.Host.Engine.Telemetry;
using Marten;
using Marten.Services;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Agents.Host.Tests.Telemetry;

public sealed class RunEndingsTests(App app)
{
    [Fact]
    public async Task An_end_that_cannot_be_measured_is_logged_and_stored_all_the_same()
    {
        using var listener = new MeterListener { InstrumentPublished = (instrument, listener) => listener.EnableMeasurementEvents(instrument) };
        listener.Start();
        var log = new LogLines();
        using var logging = LoggerFactory.Create(builder => builder.AddProvider(log));
        await using var away = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Timeout=2");
        var run = Guid.CreateVersion7();

        await using (var session = app.Host.DocumentStore().LightweightSession(new SessionOptions
        {
            TenantId = "unmeasured", Listeners = { new RunEndings(away, logging.CreateLogger<RunEndings>()) },
        }))
        {
            session.Events.StartStream<Run>(
                run, new RunQueued("talker", 1, "none", "m", "What is its end?", 5, "ada", TimeSpan.FromHours(1)), new RunCancelled("ada", ""));
            await session.SaveChangesAsync();
        }

        var line = Assert.Single(log.Lines);
        Assert.Equal($"The end of run {run} is missing in metrics and traces", line.Text);
        Assert.NotNull(line.Exception);
        Assert.Equal("cancelled", await app.Scalar<string>("select status from agents.run_summary where run_id = $1", run));
    }
}
