using Agents.Host.Postgres;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Agents.Host.Tests.Postgres;

public sealed class DatabaseConnectionTests
{
    [Fact]
    public async Task Of_several_hosts_the_primary_is_used_and_looked_for_every_second()
    {
        var settings = await Settings("Host=a:5001,b:5002;Database=agents");

        Assert.Equal("primary", settings["Target Session Attributes"]);
        Assert.Equal(1, settings.HostRecheckSeconds);
    }

    [Fact]
    public async Task What_is_said_of_several_hosts_stays()
    {
        var settings = await Settings("Host=a,b;Database=agents;Target Session Attributes=read-write;Host Recheck Seconds=7");

        Assert.Equal("read-write", settings["Target Session Attributes"]);
        Assert.Equal(7, settings.HostRecheckSeconds);
    }

    [Fact]
    public async Task One_host_is_taken_for_what_it_is()
    {
        var settings = await Settings("Host=a;Database=agents");

        Assert.False(settings.ShouldSerialize("Target Session Attributes"));
        Assert.False(settings.ShouldSerialize("Host Recheck Seconds"));
    }

    [Fact]
    public async Task Several_hosts_are_shown_with_their_own_ports()
    {
        await using var database = await Find("Host=a:5001,b:5002;Database=agents");

        Assert.Equal("PostgreSQL a:5001,b:5002/agents", database.Describe());
    }

    static async Task<NpgsqlConnectionStringBuilder> Settings(string said)
    {
        await using var database = await Find(said);
        return new(database.ConnectionString);
    }

    static Task<DatabaseConnection> Find(string said) => DatabaseConnection.Find(
        new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:agents", said)]).Build(), Path.GetTempPath(), needsDatabase: true);
}
