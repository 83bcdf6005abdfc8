using Agents.Domain.Definitions;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Catalog;

/// <summary>
/// Changes the agents of a tenant, or of all. A change is one transaction, and changes wait for each other: two versions that are pushed at once both
/// get a number, and none is lost.
/// </summary>
/// <remarks>An owner is a tenant's name, or empty for all tenants.</remarks>
public sealed class AgentStore(NpgsqlDataSource database, AgentCatalog catalog, PublishedAgents published)
{
    /// <summary>Owner of what all tenants share.</summary>
    public const string All = "";

    public const int MostVersions = 10_000;

    public const int MostNames = 1000;

    /// <summary>Characters of a comment.</summary>
    public const int MostComment = 500;

    /// <summary>
    /// Stores a definition as a version, unless there is one of the same content, and lets an alias stand for it. Nothing is written when nothing is
    /// new.
    /// </summary>
    public async Task<Pushed> Push(string owner, NewVersion wanted, Actor by, CancellationToken ct) => (await Push(owner, [wanted], by, ct))[0];

    /// <summary>Does the same with several, all or none of them.</summary>
    /// <returns>In the same order. When one is refused, it is the last, and nothing was written.</returns>
    public async Task<IReadOnlyList<Pushed>> Push(string owner, IReadOnlyList<NewVersion> wanted, Actor by, CancellationToken ct)
    {
        await using var change = await Begin(owner, by, ct);
        var pushed = new List<Pushed>();
        foreach (var version in wanted)
        {
            pushed.Add(await Push(change, version, ct));
            if (pushed[^1].IsRefused) return pushed;
        }

        if (pushed.Where((one, at) => !wanted[at].IsDryRun && (one.Outcome is PushOutcome.New || one.IsMoved)).Any()) await Commit(change, ct);
        return pushed;
    }

    async Task<Pushed> Push(AgentTransaction change, NewVersion wanted, CancellationToken ct)
    {
        var name = wanted.Agent.Name;
        var state = await change.StateOf(name, ct);
        var builtIn = catalog.BuiltInNamed(name);
        var highest = Math.Max(state.Highest, builtIn?.Version ?? 0);
        if (wanted.ExpectedVersion is { } expected && expected != state.Newest) return new(PushOutcome.Stale, state.Newest);

        var content = ContentOf(wanted.Agent);
        var same = await change.VersionsOf(name, content, ct);
        if (state.Highest == 0 && builtIn is not null && wanted.Alias is null or AgentName.Live && IsSame(wanted, builtIn, content))
            return new(PushOutcome.Unchanged, builtIn.Version) { Hash = builtIn.Hash() };

        int? found = wanted.HasVersion ? same.Contains(wanted.Agent.Version) ? wanted.Agent.Version : null : same.Count > 0 ? same[0] : null;
        if (found is null && wanted.HasVersion && wanted.Agent.Version <= highest) return new(PushOutcome.NumberTaken, highest + 1);
        if (found is null && state.Versions >= MostVersions) return new(PushOutcome.TooManyVersions, state.Newest);
        if (found is null && state.Newest == 0 && state.Names >= MostNames) return new(PushOutcome.TooManyNames, 0);

        var version = found ?? (wanted.HasVersion ? wanted.Agent.Version : highest + 1);
        var agent = wanted.Agent with { Version = version };
        var pushed = new Pushed(found is null ? PushOutcome.New : PushOutcome.Unchanged, version) { Hash = agent.Hash() };
        if (found is null) await change.Insert(agent, pushed.Hash, content, wanted.Comment, ct);

        var isMoved = wanted.Alias is { } alias && !(wanted.IsLoaded && await change.IsLoaded(name, version, ct))
            && await change.Move(name, alias, version, wanted.IsLoaded ? "loaded" : "set", ct);
        return pushed with { IsMoved = isMoved };
    }

    /// <summary>Lets an alias stand for a version.</summary>
    /// <returns>False when there is no such version.</returns>
    public async Task<bool> SetAlias(string owner, string name, string alias, int version, Actor by, CancellationToken ct)
    {
        await using var change = await Begin(owner, by, ct);
        if (!await change.Has(name, version, ct)) return false;
        if (await change.Move(name, alias, version, "set", ct)) await Commit(change, ct);
        return true;
    }

    /// <returns>False when there is none.</returns>
    public async Task<bool> RemoveAlias(string owner, string name, string alias, Actor by, CancellationToken ct)
    {
        await using var change = await Begin(owner, by, ct);
        if (!await change.Move(name, alias, null, "removed", ct)) return false;
        await Commit(change, ct);
        return true;
    }

    /// <summary>Gives a version to a share of new runs, in place of an earlier trial.</summary>
    /// <returns>False when there is no such version.</returns>
    public async Task<bool> SetTrial(string owner, string name, int version, decimal percent, Actor by, CancellationToken ct)
    {
        await using var change = await Begin(owner, by, ct);
        if (!await change.Has(name, version, ct)) return false;
        await change.SetTrial(name, version, percent, ct);
        await Commit(change, ct);
        return true;
    }

    /// <returns>False when there is none.</returns>
    public async Task<bool> EndTrial(string owner, string name, Actor by, CancellationToken ct)
    {
        await using var change = await Begin(owner, by, ct);
        if (await change.EndTrial(name, ct) is null) return false;
        await Commit(change, ct);
        return true;
    }

    /// <summary>
    /// Ends the trial if there is one; else live stands again for what it stood for before its version was put there. Rolled back again, it goes one
    /// further back: each roll back undoes the latest change that none has undone.
    /// </summary>
    public async Task<RolledBack> RollBack(string owner, string name, Actor by, CancellationToken ct)
    {
        await using var change = await Begin(owner, by, ct);
        if (await change.EndTrial(name, ct) is { } tried)
        {
            await Commit(change, ct);
            return new(RollBackOutcome.TrialEnded, tried, null);
        }

        if (await change.AliasOf(name, AgentName.Live, ct) is not { } now) return new(RollBackOutcome.NothingLive, null, null);
        var before = await change.LiveBefore(name, ct);
        if (before is null && !await IsBelow(change, owner, name, ct)) return new(RollBackOutcome.NothingBefore, now, null);

        await change.Move(name, AgentName.Live, before, "rolled_back", ct);
        await Commit(change, ct);
        return new(RollBackOutcome.Done, now, before);
    }

    /// <summary>Of the definition without its number.</summary>
    static string ContentOf(AgentDefinition agent) => (agent with { Version = 0 }).Hash();

    static bool IsSame(NewVersion wanted, AgentDefinition builtIn, string content) =>
        ContentOf(builtIn) == content && (!wanted.HasVersion || wanted.Agent.Version == builtIn.Version);

    /// <summary>Whether the name still leads to an agent when this owner has none live.</summary>
    async Task<bool> IsBelow(AgentTransaction change, string owner, string name, CancellationToken ct) =>
        catalog.BuiltInNamed(name) is not null || (owner != All && await change.SharedAliasOf(name, AgentName.Live, ct) is not null);

    Task<AgentTransaction> Begin(string owner, Actor by, CancellationToken ct) => AgentTransaction.Begin(database, owner, by, ct);

    async Task Commit(AgentTransaction change, CancellationToken ct)
    {
        await change.Commit(ct);
        published.Forget();
    }
}
