using System.Net;
using System.Net.Sockets;
using Agents.Host.Cli;
using Agents.Host.Http;
using Agents.Host.Platform;
using Microsoft.Extensions.Configuration;

namespace Agents.Host.Tests.Cli;

public sealed class ListenAddressesTests
{
    [Theory]
    [InlineData("http://127.0.0.1:5080")]
    [InlineData("http://127.0.0.2:0")]
    [InlineData("https://localhost:5081")]
    [InlineData("http://[::1]:5080")]
    [InlineData("http://unix:/run/agents.sock")]
    public void The_server_listens_on_this_machine(string address) => Assert.True(ListenAddresses.IsLoopback(address));

    [Theory]
    [InlineData("http://0.0.0.0:5080")]
    [InlineData("http://*:5080")]
    [InlineData("http://+:80")]
    [InlineData("http://[::]:5080")]
    [InlineData("http://192.168.1.7:5080")]
    [InlineData("http://example.org")]
    [InlineData("http://localhost.example.org:5080")]
    [InlineData("nonsense")]
    public void The_server_does_not_listen_where_others_reach_it(string address) => Assert.False(ListenAddresses.IsLoopback(address));

    [Theory]
    [InlineData("urls", "http://127.0.0.1:5080;http://0.0.0.0:5081")]
    [InlineData("Kestrel:Endpoints:Http:Url", "http://*:5080")]
    public async Task One_open_address_among_the_settings_is_refused_with_the_reason(string key, string value)
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection([new(key, value)]).Build();

        var refused = await Assert.ThrowsAsync<StartRefusedException>(() =>
            ListenAddresses.RefuseBeyondLoopback(settings, () => Task.FromResult(false)));

        Assert.Contains("no API keys yet", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_keys_the_server_listens_anywhere()
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection([new("urls", "http://0.0.0.0:5080")]).Build();

        await ListenAddresses.RefuseBeyondLoopback(settings, () => Task.FromResult(true));

        Assert.Equal("http://0.0.0.0:5080", ListenAddresses.Beyond(settings));
    }

    [Fact]
    public async Task A_taken_port_is_told_with_who_has_it_and_one_that_is_free()
    {
        using var taken = new TcpListener(IPAddress.Loopback, port: 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var said = await PortTaken.Message($"http://127.0.0.1:{port}");
        Assert.StartsWith($"Port {port} is taken by another program. Choose another one: agents serve --urls http://127.0.0.1:", said, StringComparison.Ordinal);
        var free = int.Parse(said.Split(':')[^1], System.Globalization.CultureInfo.InvariantCulture);
        using var other = new TcpListener(IPAddress.Loopback, free);
        other.Start(); // it can be listened on

        foreach (var everywhere in new[] { "*", "+" })
            Assert.StartsWith(
                $"Port {port} is taken by another program. Choose another one: agents serve --urls http://{everywhere}:",
                await PortTaken.Message($"http://{everywhere}:{port}"), StringComparison.Ordinal);
        other.Stop();
        Assert.StartsWith(
            $"Port {port} is taken", await PortTaken.Message($"http://127.0.0.1:{free};http://127.0.0.1:{port}"), StringComparison.Ordinal);

        await using var server = await VerbServer.Start();
        Assert.StartsWith(
            $"An Agents server runs at {server.Address} already. Use that one, or start another beside it: agents serve --urls http://127.0.0.1:",
            await PortTaken.Message(server.Address), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_reports_the_server_that_runs_and_settings_it_does_not_have_are_named()
    {
        await using var server = await VerbServer.Start();
        var said = (await server.Run("doctor", "--data", Path.Combine(Path.GetTempPath(), $"agents-{Guid.NewGuid():N}"))).Output;
        Assert.Contains($"those of the server at {server.Address}/, which it does not tell here", said, StringComparison.Ordinal);
        Assert.DoesNotContain("inside this program", said, StringComparison.Ordinal);

        var address = new Uri("http://127.0.0.1:5080");
        Assert.Equal(
            "Models__ApiKey, Models__Provider are not used: the server at http://127.0.0.1:5080/ has its own settings. "
            + "Set them where that server is started, and start it anew.",
            ServerOnlySettings.Unused(["PATH", "Models__Provider", "AGENTS_DATA", "Models__ApiKey"], address));
        Assert.Null(ServerOnlySettings.Unused(["PATH", "AGENTS_DATA"], address));
    }
}
