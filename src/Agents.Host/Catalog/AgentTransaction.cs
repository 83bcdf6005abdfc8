using Agents.Domain.Definitions;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Catalog;

/// <summary>
/// One change of an owner's agents: the statements, in one transaction, which is rolled back unless it was committed. Each change of an alias or a
/// trial leaves a note of who made it.
/// </summary>
sealed class AgentTransaction : IAsyncDisposable
{
    readonly NpgsqlConnection connection;
    readonly NpgsqlTransaction transaction;
    readonly string owner;
    readonly Actor by;

    AgentTransaction(NpgsqlConnection connection, NpgsqlTransaction transaction, string owner, Actor by) =>
        (this.connection, this.transaction, this.owner, this.by) = (connection, transaction, owner, by);

    /// <summary>Others who change agents wait until this one has ended.</summary>
    /// <param name="owner">A tenant's name, or empty for all tenants.</param>
    public static async Task<AgentTransaction> Begin(NpgsqlDataSource database, string owner, Actor by, CancellationToken ct)
    {
        var connection = await database.OpenConnectionAsync(ct);
        try
        {
            var begun = new AgentTransaction(connection, await connection.BeginTransactionAsync(ct), owner, by);
            await connection.Execute("update agents.agent_catalog set version = version + 1", null, ct);
            return begun;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public Task Commit(CancellationToken ct) => transaction.CommitAsync(ct);

    /// <summary>What there is of a name before a version of it is pushed.</summary>
    public async Task<OwnedState> StateOf(string name, CancellationToken ct) => (await connection.First<OwnedState>(
        """
        select coalesce(max(version) filter (where tenant_id = @owner), 0) as newest, coalesce(max(version), 0) as highest,
          count(*) filter (where tenant_id = @owner) as versions,
          (select count(distinct name) from agents.agent_version where tenant_id = @owner) as names
        from agents.agent_version where tenant_id in (@owner, '') and name = @name
        """, new { owner, name }, ct))!;

    /// <summary>The versions of this content, the newest first.</summary>
    /// <param name="content">The hash of the definition without its number.</param>
    public Task<List<int>> VersionsOf(string name, string content, CancellationToken ct) => connection.Query<int>(
        """
        select version from agents.agent_version
        where tenant_id = @owner and name = @name and content_hash = @content order by version desc
        """, new { owner, name, content }, ct);

    public async Task<bool> Has(string name, int version, CancellationToken ct) => await connection.First<int?>(
        "select version from agents.agent_version where tenant_id = @owner and name = @name and version = @version",
        new { owner, name, version }, ct) is not null;

    /// <summary>Whether this is what a folder has loaded last: what was changed by hand since then stays.</summary>
    public async Task<bool> IsLoaded(string name, int version, CancellationToken ct) => await connection.First<int?>(
        """
        select to_version from agents.agent_change
        where tenant_id = @owner and name = @name and change = 'loaded' order by id desc limit 1
        """, new { owner, name }, ct) == version;

    public async Task Insert(AgentDefinition agent, string hash, string content, string? comment, CancellationToken ct)
    {
        await Definitions.Store(connection, agent, hash, ct);
        await connection.Execute(
            """
            insert into agents.agent_version (tenant_id, name, version, hash, content_hash, by, by_key, comment)
            values (@owner, @agent, @version, @hash, @content, @name, @key_id, @comment)
            """, new { owner, agent = agent.Name, agent.Version, hash, content, by.Name, by.KeyId, comment }, ct);
    }

    /// <summary>The version that an alias of this owner stands for. Null when there is no such alias.</summary>
    public Task<int?> AliasOf(string name, string alias, CancellationToken ct) => AliasOf(owner, name, alias, ct);

    /// <summary>The same of the agents that all tenants share.</summary>
    public Task<int?> SharedAliasOf(string name, string alias, CancellationToken ct) => AliasOf(AgentStore.All, name, alias, ct);

    /// <param name="version">Null means none any more.</param>
    /// <param name="how">What the note calls the change.</param>
    /// <returns>False when the alias stands for that already, or for nothing.</returns>
    public async Task<bool> Move(string name, string alias, int? version, string how, CancellationToken ct)
    {
        var before = await AliasOf(name, alias, ct);
        if (before == version) return false;

        if (version is null)
            await connection.Execute(
                "delete from agents.agent_alias where tenant_id = @owner and name = @name and alias = @alias", new { owner, name, alias }, ct);
        else
            await connection.Execute(
                """
                insert into agents.agent_alias (tenant_id, name, alias, version) values (@owner, @name, @alias, @version)
                on conflict (tenant_id, name, alias) do update set version = @version
                """, new { owner, name, alias, version }, ct);
        await Note(name, how, alias, before, version, null, ct);
        return true;
    }

    /// <summary>
    /// What live stood for before the latest change of it that no rolling back has undone: each one undoes one change. Null when there is none, or when
    /// it stood for nothing.
    /// </summary>
    public async Task<int?> LiveBefore(string name, CancellationToken ct) => (await connection.First<PutThere>(
        """
        select from_version from (
          select id, from_version, sum(case change when 'rolled_back' then 1 else -1 end) over (order by id desc) as undone
          from agents.agent_change where tenant_id = @owner and name = @name and alias = @live) c
        where undone < 0 order by id desc limit 1
        """, new { owner, name, AgentName.Live }, ct))?.FromVersion;

    public async Task SetTrial(string name, int version, decimal percent, CancellationToken ct)
    {
        var before = await connection.First<int?>(
            "select version from agents.agent_trial where tenant_id = @owner and name = @name", new { owner, name }, ct);
        await connection.Execute(
            """
            insert into agents.agent_trial (tenant_id, name, version, percent) values (@owner, @name, @version, @percent)
            on conflict (tenant_id, name) do update set version = @version, percent = @percent
            """, new { owner, name, version, percent }, ct);
        await Note(name, "trial", null, before, version, percent, ct);
    }

    /// <returns>The version that was on trial. Null when none was.</returns>
    public async Task<int?> EndTrial(string name, CancellationToken ct)
    {
        var version = await connection.First<int?>(
            "delete from agents.agent_trial where tenant_id = @owner and name = @name returning version", new { owner, name }, ct);
        if (version is not null) await Note(name, "trial_ended", null, version, null, null, ct);
        return version;
    }

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }

    Task<int?> AliasOf(string owner, string name, string alias, CancellationToken ct) => connection.First<int?>(
        "select version from agents.agent_alias where tenant_id = @owner and name = @name and alias = @alias", new { owner, name, alias }, ct);

    Task<int> Note(
        string name, string how, string? alias, int? fromVersion, int? toVersion, decimal? percent, CancellationToken ct) => connection.Execute(
        """
        insert into agents.agent_change (tenant_id, name, change, alias, from_version, to_version, percent, by, by_key)
        values (@owner, @agent, @how, @alias, @from_version, @to_version, @percent, @name, @key_id)
        """, new { owner, agent = name, how, alias, fromVersion, toVersion, percent, by.Name, by.KeyId }, ct);

    sealed record PutThere(int? FromVersion);
}

/// <param name="Newest">The owner's latest version of the name; 0 when it has none.</param>
/// <param name="Highest">The same, with the versions that all tenants share.</param>
/// <param name="Versions">How many the owner has of the name.</param>
/// <param name="Names">How many names the owner has.</param>
sealed record OwnedState(int Newest, int Highest, long Versions, long Names);
