using Agents.Host.Cli.Database;

namespace Agents.Host.Tests.Cli;

public sealed class PsqlSettingsTests
{
    [Theory]
    [InlineData("Host=a", "a", "5432")]
    [InlineData("Host=a;Port=5001", "a", "5001")]
    [InlineData("Host=a:5001,b:5002", "a,b", "5001,5002")]
    [InlineData("Host=a, b:5002;Port=6000", "a,b", "6000,5002")]
    [InlineData("Host=[::1]:5001,::1", "::1,::1", "5001,5432")]
    [InlineData("Host=/var/run/postgresql", "/var/run/postgresql", "5432")]
    public void Hosts_and_their_ports_are_two_lists(string connection, string hosts, string ports)
    {
        var settings = PsqlSettings.Of(connection);

        Assert.Equal((hosts, ports), (settings["PGHOST"], settings["PGPORT"]));
    }

    [Theory]
    [InlineData("", null)]
    [InlineData(";Target Session Attributes=primary", "primary")]
    [InlineData(";Target Session Attributes=prefer-primary", null)]
    public void Of_several_hosts_psql_takes_the_one_that_the_server_takes(string said, string? wanted) =>
        Assert.Equal(wanted, PsqlSettings.Of("Host=a,b" + said)["PGTARGETSESSIONATTRS"]);

    [Fact]
    public void Who_connects_and_to_what_is_told()
    {
        var settings = PsqlSettings.Of("Host=a;Database=runs;Username=ada;Password=secret");

        Assert.Equal(("runs", "ada", "secret"), (settings["PGDATABASE"], settings["PGUSER"], settings["PGPASSWORD"]));
    }
}
