using Npgsql;

namespace Agents.Host.Tests.Budgets;

/// <summary>A database for tests of the procedures alone. Each test has a tenant of its own.</summary>
public sealed class BudgetDatabase : IAsyncLifetime
{
    public NpgsqlDataSource Source { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        Source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(await TestDatabase.CreatePrepared("budgets"))
    {
        MaxPoolSize = 40,
        Timeout = 60, // a hundred calls at once wait for a connection
    }.ConnectionString);

    public async ValueTask DisposeAsync() => await Source.DisposeAsync();
}
