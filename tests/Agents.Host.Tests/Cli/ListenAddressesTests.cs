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

    [Theory]
    [InlineData(null, "Port 5080 is taken by another program. Choose another one: agents serve --urls http://127.0.0.1:5081")]
    [InlineData("http://localhost:65535", "Port 65535 is taken by another program. Choose another one: agents serve --urls http://localhost:65534")]
    public void A_taken_port_is_told_with_another_one_to_try(string? urls, string message) => Assert.Equal(message, ServeVerb.PortTaken(urls));
}
