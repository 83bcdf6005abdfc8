using Agents.Host.Catalog;
using Agents.Host.Engine.Evidence;
using Agents.Host.Engine.Money;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Webhooks;
using Agents.Host.Http;
using Agents.Host.Models;
using Agents.Host.Platform;

namespace Agents.Host.Tests.Http;

public sealed class SettingTests
{
    [Fact]
    public async Task The_documentation_has_the_keys_the_defaults_and_the_ranges_of_the_code()
    {
        var rows = (await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "docs", "configuration.md")))
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal));
        Setting[] settings = [.. WorkerOptions.Settings, .. ModelOptions.Settings, .. CostOptions.Settings, .. WebhookOptions.Settings,
            .. CallerOptions.Settings, .. AgentOptions.Settings, .. EvidenceOptions.Settings];

        Assert.True(settings.Length > 15, $"Only {settings.Length} settings were found.");
        foreach (var setting in settings)
            Assert.Contains(rows, row => row.StartsWith(
                $"| `{setting.Key}` | `{setting.EnvironmentKey}` | {setting.DefaultText} | {setting.RangeText}", StringComparison.Ordinal));
    }
}
