namespace Agents.Host.Tests.Http;

public sealed class SettingTests
{
    [Fact]
    public async Task The_documentation_has_the_keys_the_defaults_and_the_ranges_of_the_code()
    {
        var rows = (await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "docs", "configuration.md")))
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal));

        Assert.True(KnownSettings.All.Count > 15, $"Only {KnownSettings.All.Count} settings were found.");
        foreach (var setting in KnownSettings.All)
            Assert.Contains(rows, row => row.StartsWith(
                $"| `{setting.Key}` | `{setting.EnvironmentKey}` | {setting.DefaultText} | {setting.RangeText}", StringComparison.Ordinal));
    }
}
