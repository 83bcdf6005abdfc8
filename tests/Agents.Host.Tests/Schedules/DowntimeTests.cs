using Agents.Host.Engine.Duties;
using Alba;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Agents.Host.Tests.Schedules;

/// <summary>On a database whose only server fires nothing, until a node comes that does.</summary>
public sealed class DowntimeTests
{
    [Fact]
    public async Task After_a_downtime_a_schedule_that_skips_what_was_missed_makes_up_for_nothing()
    {
        var connection = await TestDatabase.CreatePrepared("downtime");
        await using var host = await AlbaHost.For<Program>(web =>
        {
            web.UseSetting("ConnectionStrings:agents", connection);
            web.UseSetting("urls", "http://127.0.0.1:0");
            web.UseSetting("Workers:MaxRuns", "0"); // no duties
        });
        await host.Scenario(call =>
        {
            call.Post.Json(new
            {
                name = "fives", cron = "*/5 * * * * *", overlap = "queue", missed = "skip", run = new { agent = "research", question = "Missed?" },
            }).ToUrl("/schedules");
            call.StatusCodeShouldBe(201);
        });
        await using var database = NpgsqlDataSource.Create(connection);
        await Execute(database, "update agents.schedule set next_at = date_trunc('minute', clock_timestamp()) - interval '75 seconds'");
        var node = ActivatorUtilities.CreateInstance<DutyHost>(
            host.Services, (object)new IDuty[] { ActivatorUtilities.CreateInstance<FireSchedules>(host.Services) });

        await node.StartAsync(CancellationToken.None);
        await App.Until(
            "the first firing", async () => await Scalar(database, "select count(*) from agents.schedule where last_at is not null") > 0);
        await node.StopAsync(CancellationToken.None);

        Assert.InRange(await Scalar(database, "select count(*) from agents.run_summary"), 0, 1); // one may have come due meanwhile
        Assert.Equal(1, await Scalar(database, "select count(*) from agents.schedule where next_at > clock_timestamp() - interval '10 seconds'"));
    }

    static async Task Execute(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    static async Task<long> Scalar(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
