using Agents.Crash.Tests.Simulation;
using Agents.Domain.Costs;
using Agents.Domain.Runs;

namespace Agents.Crash.Tests;

/// <summary>Runs that close when little is left, in the server's own engine, with random prices and budgets.</summary>
public sealed class ClosingTests
{
    const int Runs = 1_000;

    [Fact]
    public void Whatever_prices_and_budget_no_run_overshoots_and_nearly_all_that_begin_end_with_an_answer()
    {
        var (begun, answered, closed) = (0, 0, 0);
        for (var seed = 0; seed < Runs; seed++)
        {
            var scene = SceneOf(new(seed));
            var world = new World(seed, Mutant.None, scene: scene);

            Assert.Null(world.Live());

            var log = world.Database.Runs[0];
            Assert.True(log.Checks.BilledUsd <= scene.BudgetUsd, $"Seed {seed}: {log.Checks.BilledUsd} billed of {scene.BudgetUsd}.");
            Assert.True(log.Run.CommittedUsd() <= scene.BudgetUsd, $"Seed {seed}: {log.Run.CommittedUsd()} committed of {scene.BudgetUsd}.");
            if (!log.Checks.Attempts.Any()) continue; // not even the first call fits

            begun++;
            answered += log.Run.Status is RunStatus.Completed ? 1 : 0;
            closed += log.Run is { Status: RunStatus.Completed, Closing: not null } ? 1 : 0;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{begun} of {Runs} began, {answered} ended with an answer, {closed} of them closed.");
        Assert.True(begun > Runs / 2, $"Only {begun} began.");
        Assert.True(closed > begun / 10, $"Only {closed} of {begun} closed.");
        Assert.True(answered >= 0.99 * begun, $"Only {answered} of {begun} ended with an answer.");
    }

    /// <summary>Prices over four orders of magnitude; a budget from less than the first call to more than the run can spend.</summary>
    static Scene SceneOf(Random random)
    {
        var agent = SampleAgents.Closers[random.Next(SampleAgents.Closers.Length)];
        var prices = new PriceList(
            "random", [.. new[] { SampleAgents.Model, SampleAgents.Spare, SampleAgents.Cheap }.Select(model => new PriceListEntry(model, Price(random)))]);
        var output = prices.For(SampleAgents.Model)!.Output;
        var budget = output / 1_000_000m * agent.Limits.OutputTokensPerCall * (decimal)(random.NextDouble() * 6);
        return new(agent, prices, Math.Max(0.00000001m, decimal.Round(budget, 10)));
    }

    static Price Price(Random random)
    {
        var input = decimal.Round((decimal)Math.Pow(10, random.NextDouble() * 3 - 2), 4);
        return new(input, decimal.Round(input * (1 + random.Next(10)), 4));
    }
}
