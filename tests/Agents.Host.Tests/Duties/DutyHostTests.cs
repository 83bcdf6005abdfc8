using Agents.Host.Engine.Duties;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Agents.Host.Tests.Duties;

[Collection(nameof(PoisonedServer))]
public sealed class DutyHostTests(PoisonedServer server)
{
    [Fact]
    public async Task A_duty_whose_question_hangs_is_cancelled_and_holds_no_other_duty_back()
    {
        var (hanging, other) = (new Hanging(server.App.Database), new Counting());
        using var host = ActivatorUtilities.CreateInstance<DutyHost>(server.App.Host.Services, (object)new IDuty[] { hanging, other });
        await host.StartAsync(TestContext.Current.CancellationToken);

        await PoisonedServer.Until(() => Task.FromResult(other.Rounds >= 20), "rounds of the other");
        Assert.Equal(1, hanging.Rounds);
        await host.NextRound<Hanging>(); // begins when the first is cancelled
        Assert.Contains(server.Log.Lines, line => line.Text.StartsWith("The duty to hang", StringComparison.Ordinal) && line.Exception is not null);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task What_the_database_refuses_is_logged_with_its_stack_and_not_as_if_the_database_were_away()
    {
        var duty = new Refused(server.App.Database);
        using var host = ActivatorUtilities.CreateInstance<DutyHost>(server.App.Host.Services, (object)new IDuty[] { duty });
        var round = host.NextRound<Refused>();
        await host.StartAsync(TestContext.Current.CancellationToken);
        await round;

        LogLine? line = null;
        await PoisonedServer.Until(
            () => Task.FromResult((line = server.Log.Lines.FirstOrDefault(line =>
                line.Text.StartsWith("The duty to divide", StringComparison.Ordinal))) is not null), "the line");
        Assert.Equal("The duty to divide by nothing failed; it is tried again", line!.Text);
        Assert.Equal(PostgresErrorCodes.DivisionByZero, Assert.IsType<PostgresException>(line.Exception).SqlState);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    sealed class Refused(NpgsqlDataSource database) : IDuty
    {
        public string Name => "divide by nothing";

        public async Task Round(DutyRound round, CancellationToken ct) => await round.Ask(async token =>
        {
            await using var command = database.CreateCommand("select 1 / 0");
            return await command.ExecuteScalarAsync(token);
        });

        public Task Wait(CancellationToken ct) => Task.Delay(Timeout.Infinite, ct);
    }

    sealed class Hanging(NpgsqlDataSource database) : IDuty
    {
        public string Name => "hang";

        public int Rounds { get; private set; }

        public async Task Round(DutyRound round, CancellationToken ct)
        {
            Rounds++;
            await round.Ask(async token =>
            {
                await using var command = database.CreateCommand("select pg_sleep(600)");
                command.CommandTimeout = 0;
                return await command.ExecuteScalarAsync(token);
            });
        }

        public Task Wait(CancellationToken ct) => Task.CompletedTask;
    }

    sealed class Counting : IDuty
    {
        public string Name => "count";

        public int Rounds { get; private set; }

        public Task Round(DutyRound round, CancellationToken ct) => Task.FromResult(++Rounds);

        public Task Wait(CancellationToken ct) => Task.Delay(20, ct);
    }
}
