using Agents.Host.Engine.Queue;
using Agents.Host.Platform;
using Microsoft.Extensions.Configuration;

namespace Agents.Host.Tests.Workers;

public sealed class WorkerOptionsTests
{
    [Theory]
    [InlineData("MaxRuns", "-3")]
    [InlineData("MaxRuns", "1001")]
    [InlineData("MaxRuns", "many")]
    [InlineData("MaxRuns", "8.5")]
    [InlineData("ToolTimeout", "3601")]
    [InlineData("ToolTimeout", "1e308")]
    [InlineData("ToolTimeout", "1.00:00:00")]
    [InlineData("ToolTimeout", "soon")]
    [InlineData("WatchdogEvery", "00:00:00")]
    [InlineData("DrainTimeout", "-00:00:01")]
    [InlineData("Weights:acme", "0")]
    [InlineData("Weights:acme", "NaN")]
    [InlineData("Weights:acme", "heavy")]
    public void A_setting_that_cannot_be_meant_refuses_the_start_and_names_itself(string key, string value)
    {
        var refused = Assert.Throws<StartRefusedException>(() => Read((key, value)));

        Assert.Contains($"Workers:{key} (Workers__{key.Replace(":", "__")}) is '{value}'; it must be", refused.Message);
    }

    [Fact]
    public void A_bare_number_is_seconds_as_it_is_for_models() => Assert.Equal(TimeSpan.FromSeconds(90), Read(("ToolTimeout", "90")).ToolTimeout);

    [Fact]
    public void A_bound_for_a_tenant_above_that_for_all_could_never_be_reached()
    {
        var refused = Assert.Throws<StartRefusedException>(() => Read(("MaxQueued", "10"), ("MaxQueuedPerTenant", "11")));

        Assert.StartsWith("Workers:MaxQueuedPerTenant (Workers__MaxQueuedPerTenant) is 11, above Workers:MaxQueued, which is 10", refused.Message,
            StringComparison.Ordinal);
        Assert.Equal(11, Read(("MaxQueued", "0"), ("MaxQueuedPerTenant", "11")).MaxQueuedPerTenant); // 0 is no bound
        Assert.Equal(10, Read(("MaxQueued", "10")).MaxQueued);
    }

    [Fact]
    public void Settings_are_read_and_the_others_have_defaults()
    {
        var options = Read(("MaxRuns", "8"), ("ToolTimeout", "00:01:30"), ("Weights:acme", "2.5"));

        Assert.Equal([KeyValuePair.Create("acme", 2.5)], options.Weights);
        Assert.Equal(new WorkerOptions { MaxRuns = 8, ToolTimeout = TimeSpan.FromSeconds(90), Weights = options.Weights }, options);
        Assert.Equal(new WorkerOptions { Weights = options.Weights }, Read() with { Weights = options.Weights });
    }

    static WorkerOptions Read(params (string Key, string Value)[] settings) => WorkerOptions.From(new ConfigurationBuilder()
        .AddInMemoryCollection(settings.ToDictionary(setting => $"Workers:{setting.Key}", setting => (string?)setting.Value)).Build());
}
