using System.Collections.Concurrent;
using System.Reflection;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog.Format;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Catalog;

/// <summary>
/// Every agent that can be asked for, by name: those that a tenant has pushed for itself, before those pushed for all, before those of the program.
/// </summary>
/// <remarks>
/// Those of the program are read once, at start; a duplicate name or a faulty definition among them stops the start. Pushed ones are known to every
/// node within a second, and to the node that took them at once.
/// </remarks>
public sealed class AgentCatalog
{
    /// <summary>Names that a refusal tells.</summary>
    const int Told = 20;

    /// <summary>Versions that were asked for by number and are kept, until something is pushed.</summary>
    const int MostNumbered = 10_000;

    readonly SortedDictionary<string, AgentDefinition> builtIn = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<(string Tenant, string Name, int Version), (long ReadAt, string Hash)> numbered = new();
    readonly IReadOnlyList<IDefinitionRule> rules;
    readonly PublishedAgents published;
    readonly Definitions definitions;
    readonly NpgsqlDataSource database;

    public AgentCatalog(
        IEnumerable<IDefinitionRule> rules, IEnumerable<AgentDefinition> more, PublishedAgents published, Definitions definitions,
        NpgsqlDataSource database)
    {
        (this.rules, this.published, this.definitions, this.database) = ([.. rules], published, definitions, database);
        var marked = Assembly.GetExecutingAssembly().GetTypes()
            .SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.Static))
            .Where(property => property.IsDefined(typeof(AgentAttribute)))
            .Select(property => (AgentDefinition)property.GetValue(null)!);

        foreach (var agent in marked.Concat(more))
        {
            if (agent.Problems().Concat(this.rules.SelectMany(rule => rule.Problems(agent))).FirstOrDefault() is { } problem)
                throw new InvalidOperationException($"Agent {agent.Name}: {problem}");
            if (!builtIn.TryAdd(agent.Name, agent))
                throw new InvalidOperationException($"Two agents are named {agent.Name}.");
        }

        CheckAgentsToStart();
    }

    /// <exception cref="InvalidOperationException">An agent may start runs of one that there is not.</exception>
    void CheckAgentsToStart()
    {
        foreach (var agent in BuiltIn)
            if (agent.AgentsItMayStart().FirstOrDefault(name => BuiltInNamed(name) is null) is { } unknown)
                throw new InvalidOperationException($"Agent {agent.Name}: No agent is named {unknown}.");
    }

    /// <summary>Those of the program, by name. They can be asked for where no pushed one of the name is live.</summary>
    public IReadOnlyCollection<AgentDefinition> BuiltIn => builtIn.Values;

    public AgentDefinition? BuiltInNamed(string name) => builtIn.GetValueOrDefault(name);

    /// <summary>What a name stands for now.</summary>
    /// <param name="asked">Such as <c>triage</c>, <c>triage@live</c>, <c>triage@canary</c> or <c>triage@3</c>.</param>
    public async ValueTask<AskedAgent> Find(string tenant, string? asked, CancellationToken ct)
    {
        var agents = await published.Of(tenant, ct);
        if (asked is null) return Unknown(asked, agents);

        var (name, alias, version) = AgentName.Parse(asked);
        if (!DefinitionFormat.IsName(name) && BuiltInNamed(name) is null) return Unknown(asked, agents);
        if (version is { } number)
            return await Numbered(tenant, name, number, agents, ct) is { } found
                ? AskedAgent.Of(found, [])
                : Missing(asked, name, $"version {number}", agents);
        if (alias is not null and not AgentName.Live)
            return agents.Layers(name).Select(layer => layer.Aliases.GetValueOrDefault(alias)).OfType<PublishedVersion>().FirstOrDefault() is { } aliased
                ? AskedAgent.Of(await Stored(aliased.Hash, ct), [])
                : Missing(asked, name, $"alias {Sanitiser.Text(alias, 64)}", agents);

        if (await LiveOf(name, agents, ct) is not { } live) return Missing(asked, name, "live version", agents);
        return AskedAgent.Of(live, alias is null ? await TrialsOf(name, agents, ct) : []);
    }

    /// <summary>The names of all that the tenant can ask for, in order.</summary>
    public async ValueTask<IEnumerable<string>> Names(string tenant, CancellationToken ct) => NamesIn(await published.Of(tenant, ct));

    /// <summary>All that the tenant can ask for, by name.</summary>
    public async ValueTask<IReadOnlyList<CatalogAgent>> List(string tenant, CancellationToken ct)
    {
        var agents = await published.Of(tenant, ct);
        var listed = new List<CatalogAgent>();
        foreach (var name in NamesIn(agents))
            if (await Show(name, agents, ct) is { } agent) listed.Add(agent);
        return listed;
    }

    /// <summary>Null when the tenant can ask for none of that name.</summary>
    public async ValueTask<CatalogAgent?> Show(string tenant, string name, CancellationToken ct) =>
        await Show(name, await published.Of(tenant, ct), ct);

    /// <summary>What only the server can find wrong with a definition: tools, models and agents that it does not have.</summary>
    /// <param name="tenant">Whose agent it is to be; empty for all.</param>
    /// <param name="beside">Names of agents that are pushed together with it.</param>
    public async ValueTask<IReadOnlyList<string>> Problems(
        AgentDefinition agent, string tenant, IReadOnlyCollection<string> beside, CancellationToken ct)
    {
        var problems = rules.SelectMany(rule => rule.Problems(agent)).ToList();
        var agents = await published.Of(tenant, ct);
        foreach (var step in agent.Steps)
            foreach (var wanted in step.Grants().SelectMany(grant => grant.Agents ?? []).Distinct())
                if (wanted != agent.Name && !beside.Contains(wanted) && !IsLive(wanted, agents))
                    problems.Add($"Step {step.Name} may ask {Sanitiser.Text(wanted, 64)}, but no agent is named so.");
        return problems;
    }

    /// <summary>The live version of the first owner that has one, else that of the program.</summary>
    async ValueTask<ChosenDefinition?> LiveOf(string name, TenantAgents agents, CancellationToken ct)
    {
        foreach (var layer in agents.Layers(name))
            if (layer.Aliases.TryGetValue(AgentName.Live, out var live)) return await Stored(live.Hash, ct);
        return BuiltInNamed(name) is { } own ? new(own, null) : null;
    }

    bool IsLive(string name, TenantAgents agents) =>
        BuiltInNamed(name) is not null || agents.Layers(name).Any(layer => layer.Aliases.ContainsKey(AgentName.Live));

    async ValueTask<ChosenDefinition> Stored(string hash, CancellationToken ct) => new(await definitions.Of(hash, ct), hash);

    /// <summary>The owners up to the first with a live version: what the others say of the name counts for nothing.</summary>
    static IEnumerable<PublishedLayer> Reached(IReadOnlyList<PublishedLayer> layers)
    {
        foreach (var layer in layers)
        {
            yield return layer;
            if (layer.Aliases.ContainsKey(AgentName.Live)) yield break;
        }
    }

    async ValueTask<IReadOnlyList<AgentTrial>> TrialsOf(string name, TenantAgents agents, CancellationToken ct)
    {
        var trials = new List<AgentTrial>();
        foreach (var trial in Reached(agents.Layers(name)).Select(layer => layer.Trial).OfType<PublishedTrial>())
            trials.Add(new(await Stored(trial.Hash, ct), trial.Percent));
        return trials;
    }

    async ValueTask<CatalogAgent?> Show(string name, TenantAgents agents, CancellationToken ct)
    {
        if (await LiveOf(name, agents, ct) is not { } live) return null;
        var layers = agents.Layers(name);
        var aliases = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var (alias, version) in layers.SelectMany(layer => layer.Aliases)) aliases.TryAdd(alias, version.Version);
        var owner = layers.FirstOrDefault(layer => layer.Aliases.ContainsKey(AgentName.Live))?.Owner;
        var trial = Reached(layers).Select(layer => layer.Trial).FirstOrDefault(one => one is not null);
        return new(
            live.Agent, owner is null ? AgentSource.BuiltIn : owner.Length == 0 ? AgentSource.All : AgentSource.Tenant, aliases,
            trial is null ? null : new(trial.Version, trial.Percent));
    }

    /// <summary>The tenant's own version of that number, else that for all, else that of the program.</summary>
    async ValueTask<ChosenDefinition?> Numbered(string tenant, string name, int version, TenantAgents agents, CancellationToken ct)
    {
        if (await HashOf(tenant, name, version, agents, ct) is { } hash) return await Stored(hash, ct);
        return BuiltInNamed(name) is { } own && own.Version == version ? new(own, null) : null;
    }

    /// <summary>Of the tenant's own version of that number, else of that for all. Null when there is neither.</summary>
    async ValueTask<string?> HashOf(string tenant, string name, int version, TenantAgents agents, CancellationToken ct)
    {
        if (numbered.TryGetValue((tenant, name, version), out var known) && known.ReadAt == agents.Version) return known.Hash;

        var hash = await database.First<string>(
            """
            select hash from agents.agent_version
            where tenant_id in (@tenant, '') and name = @name and version = @version
            order by tenant_id = '' limit 1
            """, new { tenant, name, version }, ct);
        if (hash is null) return null;

        if (numbered.Count >= MostNumbered) numbered.Clear();
        numbered[(tenant, name, version)] = (agents.Version, hash);
        return hash;
    }

    AskedAgent Missing(string asked, string name, string what, TenantAgents agents) =>
        agents.Layers(name).Count > 0 || BuiltInNamed(name) is not null
            ? new($"{Sanitiser.Text(name, 64)} has no {what}. GET /agents/{Sanitiser.Text(name, 64)}/versions lists what there is.")
            : Unknown(asked, agents);

    AskedAgent Unknown(string? asked, TenantAgents agents)
    {
        var names = NamesIn(agents).ToList();
        var more = names.Count > Told ? $" and {names.Count - Told:N0} more" : "";
        var shown = asked is null ? "(none)" : $"\"{Sanitiser.Text(asked, 100)}\"";
        return new($"No agent is named {shown}. There are: {string.Join(", ", names.Take(Told))}{more}.");
    }

    IEnumerable<string> NamesIn(TenantAgents agents) => builtIn.Keys
        .Concat(agents.Owned.SelectMany(owned => owned.ByName).Where(one => one.Value.Aliases.ContainsKey(AgentName.Live)).Select(one => one.Key))
        .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
}
