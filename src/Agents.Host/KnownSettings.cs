using Agents.Host.Catalog;
using Agents.Host.Engine.Evidence;
using Agents.Host.Engine.Money;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Telemetry;
using Agents.Host.Engine.Webhooks;
using Agents.Host.Http;
using Agents.Host.Models;
using Agents.Host.Platform;

namespace Agents.Host;

/// <summary>Every setting of the server. A key that looks like one of them and is none ends the start: nothing that an operator wrote is ignored.</summary>
public static class KnownSettings
{
    public static IReadOnlyList<Setting> All { get; } =
    [
        .. WorkerOptions.Settings, .. ModelOptions.Settings, .. CostOptions.Settings, .. WebhookOptions.Settings, .. CallerOptions.Settings,
        .. AgentOptions.Settings, .. EvidenceOptions.Settings, .. RunTelemetry.Settings,
    ];

    static readonly HashSet<string> Keys = All.Select(setting => setting.Key).ToHashSet(StringComparer.OrdinalIgnoreCase);

    static readonly HashSet<string> Sections = All.Select(setting => SectionOf(setting.Key)).ToHashSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Below them stand names or numbers that the operator chooses.</summary>
    static readonly string[] Lists = [WorkerOptions.WeightsKey, WebhookOptions.UrlsKey, CallerOptions.OriginsKey];

    /// <exception cref="StartRefusedException">A key in a section of ours is none of the settings, or one elsewhere differs from one in two letters.</exception>
    public static void RefuseUnknown(IConfiguration configuration)
    {
        foreach (var (key, value) in configuration.AsEnumerable())
        {
            if (string.IsNullOrEmpty(value) || !key.Contains(':', StringComparison.Ordinal) || IsKnown(key)) continue;
            var near = NearName.Of(key, Keys);
            if (near is null && !Sections.Contains(SectionOf(key))) continue;
            var meant = near is null ? $"docs/configuration.md lists those of section {SectionOf(key)}" : $"did you mean {near} ({Environment(near)})?";
            throw new StartRefusedException($"There is no setting {key} ({Environment(key)}): {meant}");
        }
    }

    static bool IsKnown(string key) => Keys.Contains(key) || key.Split(':') switch
    {
        [var section, var list, _] => Lists.Contains($"{section}:{list}", StringComparer.OrdinalIgnoreCase),
        [var section, var list, _, var name] => string.Equals($"{section}:{list}", ModelProviders.Section, StringComparison.OrdinalIgnoreCase)
            && Keys.Contains($"{section}:{name}"),
        _ => false,
    };

    static string SectionOf(string key) => key.Split(':', 2)[0];

    static string Environment(string key) => key.Replace(":", "__", StringComparison.Ordinal);
}
