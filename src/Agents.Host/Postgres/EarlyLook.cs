using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Postgres;

/// <summary>
/// Asks the database what was set up before, while the server is still being put together. A server that starts again on tables that are as they
/// should be then has nothing left to ask, and its first connection is there.
/// </summary>
public sealed class EarlyLook
{
    /// <param name="isWanted">False for commands that need no database: nothing is asked.</param>
    public EarlyLook(NpgsqlDataSource database, bool isWanted) =>
        Done = isWanted ? Task.Run(() => Ask(database)) : Task.FromResult<IReadOnlySet<string>>(None);

    static readonly HashSet<string> None = [];

    /// <summary>
    /// What <see cref="SetupScripts.Once"/> has noted, by hash. Empty when the database has no tables yet, or did not answer: the set-up asks again.
    /// </summary>
    public Task<IReadOnlySet<string>> Done { get; }

    static async Task<IReadOnlySet<string>> Ask(NpgsqlDataSource database)
    {
        try
        {
            return (await database.Query<string>("select scripts from agents.setup", null, CancellationToken.None)).ToHashSet();
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException)
        {
            return None;
        }
    }
}
