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
        await using var change = await Begin(ct);
        var pushed = new List<Pushed>();
        foreach (var version in wanted)
        {
            pushed.Add(await Push(change, owner, version, by, ct));
            if (pushed[^1].IsRefused) return pushed;
        }

        if (pushed.Where((one, at) => !wanted[at].IsDryRun && (one.Outcome is PushOutcome.New || one.IsMoved)).Any()) await Commit(change, ct);
        return pushed;
    }

    async Task<Pushed> Push(Change change, string owner, NewVersion wanted, Actor by, CancellationToken ct)
    {
        var name = wanted.Agent.Name;
        var state = (await change.First<OwnedState>(
            """
            select coalesce(max(version) filter (where tenant_id = @owner), 0) as newest, coalesce(max(version), 0) as highest,
              count(*) filter (where tenant_id = @owner) as versions,
              (select count(distinct name) from agents.agent_version where tenant_id = @owner) as names
            from agents.agent_version where tenant_id in (@owner, '') and name = @name
            """, new { owner, name }, ct))!;
        var builtIn = catalog.BuiltInNamed(name);
        var highest = Math.Max(state.Highest, builtIn?.Version ?? 0);
        if (wanted.ExpectedVersion is { } expected && expected != state.Newest) return new(PushOutcome.Stale, state.Newest);

        var content = ContentOf(wanted.Agent);
        var same = await change.Query<int>(
            """
            select version from agents.agent_version
            where tenant_id = @owner and name = @name and content_hash = @content order by version desc
            """, new { owner, name, content }, ct);
        if (state.Highest == 0 && builtIn is not null && wanted.Alias is null or AgentName.Live && IsSame(wanted, builtIn, content))
            return new(PushOutcome.Unchanged, builtIn.Version) { Hash = builtIn.Hash() };

        int? found = wanted.HasVersion ? same.Contains(wanted.Agent.Version) ? wanted.Agent.Version : null : same.Count > 0 ? same[0] : null;
        if (found is null && wanted.HasVersion && wanted.Agent.Version <= highest) return new(PushOutcome.NumberTaken, highest + 1);
        if (found is null && state.Versions >= MostVersions) return new(PushOutcome.TooManyVersions, state.Newest);
        if (found is null && state.Newest == 0 && state.Names >= MostNames) return new(PushOutcome.TooManyNames, 0);

        var version = found ?? (wanted.HasVersion ? wanted.Agent.Version : highest + 1);
        var agent = wanted.Agent with { Version = version };
        var pushed = new Pushed(found is null ? PushOutcome.New : PushOutcome.Unchanged, version) { Hash = agent.Hash() };
        if (found is null) await Insert(change, owner, agent, pushed.Hash, content, wanted.Comment, by, ct);

        var isMoved = wanted.Alias is { } alias && !(wanted.IsLoaded && await IsLoaded(change, owner, name, version, ct))
            && await Move(change, owner, name, alias, version, wanted.IsLoaded ? "loaded" : "set", by, ct);
        return pushed with { IsMoved = isMoved };
    }

    /// <summary>Lets an alias stand for a version.</summary>
    /// <returns>False when there is no such version.</returns>
    public async Task<bool> SetAlias(string owner, string name, string alias, int version, Actor by, CancellationToken ct)
    {
        await using var change = await Begin(ct);
        if (!await Has(change, owner, name, version, ct)) return false;
        if (await Move(change, owner, name, alias, version, "set", by, ct)) await Commit(change, ct);
        return true;
    }

    /// <returns>False when there is none.</returns>
    public async Task<bool> RemoveAlias(string owner, string name, string alias, Actor by, CancellationToken ct)
    {
        await using var change = await Begin(ct);
        if (!await Move(change, owner, name, alias, null, "removed", by, ct)) return false;
        await Commit(change, ct);
        return true;
    }

    /// <summary>Gives a version to a share of new runs, in place of an earlier trial.</summary>
    /// <returns>False when there is no such version.</returns>
    public async Task<bool> SetTrial(string owner, string name, int version, decimal percent, Actor by, CancellationToken ct)
    {
        await using var change = await Begin(ct);
        if (!await Has(change, owner, name, version, ct)) return false;

        var before = await TrialOf(change, owner, name, ct);
        await change.Execute(
            """
            insert into agents.agent_trial (tenant_id, name, version, percent) values (@owner, @name, @version, @percent)
            on conflict (tenant_id, name) do update set version = @version, percent = @percent
            """, new { owner, name, version, percent }, ct);
        await Note(change, owner, name, "trial", null, before, version, percent, by, ct);
        await Commit(change, ct);
        return true;
    }

    /// <returns>False when there is none.</returns>
    public async Task<bool> EndTrial(string owner, string name, Actor by, CancellationToken ct)
    {
        await using var change = await Begin(ct);
        if (await EndTrial(change, owner, name, by, ct) is null) return false;
        await Commit(change, ct);
        return true;
    }

    /// <summary>
    /// Ends the trial if there is one; else live stands again for what it stood for before its version was put there. Rolled back again, it goes one
    /// further back: each roll back undoes the latest change that none has undone.
    /// </summary>
    public async Task<RolledBack> RollBack(string owner, string name, Actor by, CancellationToken ct)
    {
        await using var change = await Begin(ct);
        if (await EndTrial(change, owner, name, by, ct) is { } tried)
        {
            await Commit(change, ct);
            return new(RollBackOutcome.TrialEnded, tried, null);
        }

        if (await AliasOf(change, owner, name, AgentName.Live, ct) is not { } now) return new(RollBackOutcome.NothingLive, null, null);
        var put = await change.First<PutThere>(
            """
            select from_version from (
              select id, from_version, sum(case change when 'rolled_back' then 1 else -1 end) over (order by id desc) as undone
              from agents.agent_change where tenant_id = @owner and name = @name and alias = @live) c
            where undone < 0 order by id desc limit 1
            """, new { owner, name, AgentName.Live }, ct);
        if (put?.FromVersion is null && !await IsBelow(change, owner, name, ct)) return new(RollBackOutcome.NothingBefore, now, null);

        await Move(change, owner, name, AgentName.Live, put?.FromVersion, "rolled_back", by, ct);
        await Commit(change, ct);
        return new(RollBackOutcome.Done, now, put?.FromVersion);
    }

    sealed record PutThere(int? FromVersion);

    /// <summary>Of the definition without its number.</summary>
    static string ContentOf(AgentDefinition agent) => (agent with { Version = 0 }).Hash();

    static bool IsSame(NewVersion wanted, AgentDefinition builtIn, string content) =>
        ContentOf(builtIn) == content && (!wanted.HasVersion || wanted.Agent.Version == builtIn.Version);

    /// <summary>Whether the name still leads to an agent when this owner has none live.</summary>
    async Task<bool> IsBelow(Change change, string owner, string name, CancellationToken ct) =>
        catalog.BuiltInNamed(name) is not null || (owner != All && await AliasOf(change, All, name, AgentName.Live, ct) is not null);

    static async Task Insert(
        Change change, string owner, AgentDefinition agent, string hash, string content, string? comment, Actor by, CancellationToken ct)
    {
        await Definitions.Store(change.Connection, agent, hash, ct);
        await change.Execute(
            """
            insert into agents.agent_version (tenant_id, name, version, hash, content_hash, by, by_key, comment)
            values (@owner, @agent, @version, @hash, @content, @name, @key_id, @comment)
            """, new { owner, agent = agent.Name, agent.Version, hash, content, by.Name, by.KeyId, comment }, ct);
    }

    /// <returns>False when the alias stands for that already, or for nothing.</returns>
    static async Task<bool> Move(
        Change change, string owner, string name, string alias, int? version, string how, Actor by, CancellationToken ct)
    {
        var before = await AliasOf(change, owner, name, alias, ct);
        if (before == version) return false;

        if (version is null)
            await change.Execute(
                "delete from agents.agent_alias where tenant_id = @owner and name = @name and alias = @alias", new { owner, name, alias }, ct);
        else
            await change.Execute(
                """
                insert into agents.agent_alias (tenant_id, name, alias, version) values (@owner, @name, @alias, @version)
                on conflict (tenant_id, name, alias) do update set version = @version
                """, new { owner, name, alias, version }, ct);
        await Note(change, owner, name, how, alias, before, version, null, by, ct);
        return true;
    }

    /// <returns>The version that was on trial. Null when none was.</returns>
    static async Task<int?> EndTrial(Change change, string owner, string name, Actor by, CancellationToken ct)
    {
        var version = await change.First<int?>(
            "delete from agents.agent_trial where tenant_id = @owner and name = @name returning version", new { owner, name }, ct);
        if (version is not null) await Note(change, owner, name, "trial_ended", null, version, null, null, by, ct);
        return version;
    }

    static Task<int> Note(
        Change change, string owner, string name, string how, string? alias, int? fromVersion, int? toVersion, decimal? percent, Actor by,
        CancellationToken ct) => change.Execute(
        """
        insert into agents.agent_change (tenant_id, name, change, alias, from_version, to_version, percent, by, by_key)
        values (@owner, @agent, @how, @alias, @from_version, @to_version, @percent, @name, @key_id)
        """, new { owner, agent = name, how, alias, fromVersion, toVersion, percent, by.Name, by.KeyId }, ct);

    static Task<int?> AliasOf(Change change, string owner, string name, string alias, CancellationToken ct) => change.First<int?>(
        "select version from agents.agent_alias where tenant_id = @owner and name = @name and alias = @alias", new { owner, name, alias }, ct);

    static Task<int?> TrialOf(Change change, string owner, string name, CancellationToken ct) => change.First<int?>(
        "select version from agents.agent_trial where tenant_id = @owner and name = @name", new { owner, name }, ct);

    static async Task<bool> Has(Change change, string owner, string name, int version, CancellationToken ct) => await change.First<int?>(
        "select version from agents.agent_version where tenant_id = @owner and name = @name and version = @version",
        new { owner, name, version }, ct) is not null;

    /// <summary>Whether this is what a folder has loaded last: what was changed by hand since then stays.</summary>
    static async Task<bool> IsLoaded(Change change, string owner, string name, int version, CancellationToken ct) => await change.First<int?>(
        """
        select to_version from agents.agent_change
        where tenant_id = @owner and name = @name and change = 'loaded' order by id desc limit 1
        """, new { owner, name }, ct) == version;

    /// <summary>Others who change agents wait until this one has ended.</summary>
    async Task<Change> Begin(CancellationToken ct)
    {
        var connection = await database.OpenConnectionAsync(ct);
        try
        {
            var change = new Change(connection, await connection.BeginTransactionAsync(ct));
            await change.Execute("update agents.agent_catalog set version = version + 1", null, ct);
            return change;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    async Task Commit(Change change, CancellationToken ct)
    {
        await change.Transaction.CommitAsync(ct);
        published.Forget();
    }

    sealed record OwnedState(int Newest, int Highest, long Versions, long Names);

    /// <summary>A transaction that is rolled back unless it was committed.</summary>
    sealed class Change(NpgsqlConnection connection, NpgsqlTransaction transaction) : IAsyncDisposable
    {
        public NpgsqlConnection Connection => connection;

        public NpgsqlTransaction Transaction => transaction;

        public Task<T?> First<T>(string sql, object? values, CancellationToken ct) => connection.First<T>(sql, values, ct);

        public Task<List<T>> Query<T>(string sql, object? values, CancellationToken ct) => connection.Query<T>(sql, values, ct);

        public Task<int> Execute(string sql, object? values, CancellationToken ct) => connection.Execute(sql, values, ct);

        public async ValueTask DisposeAsync()
        {
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}
