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
    [InlineData("ToolTimeout", "90")]
    [InlineData("ToolTimeout", "soon")]
    [InlineData("WatchdogEvery", "00:00:00")]
    [InlineData("DrainTimeout", "-00:00:01")]
    public void A_setting_that_cannot_be_meant_refuses_the_start_and_names_itself(string key, string value)
    {
        var refused = Assert.Throws<StartRefusedException>(() => Read((key, value)));

        Assert.Contains("Workers", refused.Message);
        Assert.Contains(value, refused.Message);
    }

    [Fact]
    public void Settings_are_read_and_the_others_have_defaults()
    {
        var options = Read(("MaxRuns", "8"), ("ToolTimeout", "00:01:30"));

        Assert.Empty(options.Weights);
        Assert.Equal(new WorkerOptions { MaxRuns = 8, ToolTimeout = TimeSpan.FromSeconds(90), Weights = options.Weights }, options);
        Assert.Equal(new WorkerOptions { Weights = options.Weights }, Read() with { Weights = options.Weights });
    }

    static WorkerOptions Read(params (string Key, string Value)[] settings) => WorkerOptions.From(new ConfigurationBuilder()
        .AddInMemoryCollection(settings.ToDictionary(setting => $"Workers:{setting.Key}", setting => (string?)setting.Value)).Build());
}
