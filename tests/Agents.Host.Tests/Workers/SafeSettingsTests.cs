using Agents.Domain.Runs;
using Agents.Host.Engine;
using Wolverine;
using Wolverine.Tracking;

namespace Agents.Host.Tests.Workers;

public sealed class SafeSettingsTests(App app)
{
    [Fact]
    public void The_servers_own_settings_are_safe() => Assert.Empty(SafeSettings.Problems(app.Host.GetRuntime().Options));

    [Theory]
    [InlineData("Mode is Solo")]
    [InlineData("EnvelopeIdGeneration")]
    [InlineData("EndChild is not durable")]
    public void What_loses_work_is_refused_by_name(string problem)
    {
        var options = new WolverineOptions();
        WolverineSettings.Apply(options, new(), TimeSpan.FromMinutes(2));
        if (problem.StartsWith("Mode", StringComparison.Ordinal)) options.Durability.Mode = DurabilityMode.Solo;
        else if (problem.StartsWith("Envelope", StringComparison.Ordinal)) options.EnvelopeIdGeneration = default;
        else options.LocalQueueFor<EndChild>().BufferedInMemory();

        Assert.Contains(SafeSettings.Problems(options), found => found.Contains(problem, StringComparison.Ordinal));
    }
}
