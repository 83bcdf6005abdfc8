using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Agents.Domain.Definitions;
using Agents.Host.Catalog;
using Agents.Host.Http;

namespace Agents.Host.Api.Catalog;

/// <summary>An agent that can be asked for by its plain name.</summary>
/// <param name="Hash">Names the exact definition; runs keep it.</param>
/// <param name="Model">Null means the server's default.</param>
/// <param name="Source">builtIn: part of the program; all: pushed for all tenants; tenant: pushed by the caller's tenant for itself.</param>
/// <param name="Aliases">Names for versions, and the versions. Empty for an agent of the program.</param>
/// <param name="Trial">The version that a share of new runs gets. Null when there is none.</param>
public sealed record AgentView(
    string Name, int Version, string Hash, string Description, string? Model, IReadOnlyList<StepView> Steps, Limits Limits,
    AgentSource Source, IReadOnlyDictionary<string, int> Aliases, TrialView? Trial)
{
    /// <summary>What was changed last, newest first. Left out in lists.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<AgentChangeView>? Changes { get; init; }
}

/// <param name="Kind">model, tool or wait.</param>
public sealed record StepView(string Name, string Kind, IReadOnlyList<string> Tools);

/// <param name="Change">set, removed, rolled_back, loaded (from a folder of the server), trial or trial_ended.</param>
/// <param name="Alias">Null for a trial.</param>
/// <param name="From">The version before. Null when there was none.</param>
/// <param name="To">The version from then on. Null when there is none.</param>
/// <param name="ForAll">It is about the agent for all tenants.</param>
/// <param name="By">Null when it is not the caller's to know.</param>
public sealed record AgentChangeView(
    DateTimeOffset At, string Change, string? Alias, int? From, int? To, decimal? Percent, bool ForAll, string? By, string? ByKey);

/// <summary>One version of a pushed agent.</summary>
/// <param name="ForAll">It was pushed for all tenants.</param>
/// <param name="PushedAt">Null for a version that is part of the program.</param>
/// <param name="By">Who pushed it. Null when it is not the caller's to know.</param>
/// <param name="TrialPercent">The share of new runs that it gets. Null when it is not on trial.</param>
/// <param name="Outcome">What became of the tenant's runs of it.</param>
public sealed record AgentVersionView(
    int Version, string Hash, bool ForAll, DateTimeOffset? PushedAt, string? By, string? ByKey, string? Comment, IReadOnlyList<string> Aliases,
    decimal? TrialPercent, VersionOutcome Outcome)
{
    /// <summary>As <c>PUT /agents/{name}</c> takes it. Left out in lists.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonObject? Definition { get; init; }
}

static class AgentViews
{
    static readonly VersionOutcome NoRuns = new(0, 0, 0, 0, 0, 0, 0, null, null);

    public static AgentView Of(CatalogAgent listed)
    {
        var agent = listed.Agent;
        return new(
            agent.Name, agent.Version, agent.Hash(), agent.Description, agent.Model,
            [.. agent.Steps.Select(step => new StepView(step.Name, KindOf(step), [.. step.Grants().Select(grant => grant.Tool)]))],
            agent.Limits, listed.Source, listed.Aliases, listed.Trial);
    }

    public static AgentVersionView Of(StoredVersion stored, IReadOnlyDictionary<string, VersionOutcome> outcomes, Caller caller)
    {
        var isKnown = stored.Owner.Length > 0 || caller.IsPlatform;
        return new(
            stored.Version, stored.Hash, stored.Owner.Length == 0, stored.PushedAt, isKnown ? stored.By : null, isKnown ? stored.ByKey : null,
            stored.Comment, stored.Aliases.Deserialize<string[]>()!, stored.TrialPercent, outcomes.GetValueOrDefault(stored.Hash, NoRuns));
    }

    /// <summary>A version that was never pushed.</summary>
    public static AgentVersionView OfProgram(AgentDefinition agent, IReadOnlyDictionary<string, VersionOutcome> outcomes) =>
        new(agent.Version, agent.Hash(), true, null, null, null, null, [], null, outcomes.GetValueOrDefault(agent.Hash(), NoRuns));

    public static AgentChangeView Of(StoredChange change, Caller caller)
    {
        var isKnown = change.Owner.Length > 0 || caller.IsPlatform;
        return new(
            change.At, change.Change, change.Alias, change.FromVersion, change.ToVersion, change.Percent, change.Owner.Length == 0,
            isKnown ? change.By : null, isKnown ? change.ByKey : null);
    }

    static string KindOf(StepDefinition step) => step switch
    {
        ModelStep => "model",
        WaitStep => "wait",
        _ => "tool",
    };
}
