using Agents.Host.Platform;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Agents.Host.Tests.Access;

/// <summary>Whatever says where to listen: a server without keys does not stay where other machines reach it.</summary>
public sealed class BoundAddressTests
{
    [Fact]
    public async Task Ports_beside_an_empty_address_are_every_address_and_need_keys()
    {
        await using var app = await Build(["--urls=", "--http_ports=0"]);

        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => app.StartAsync());

        Assert.Contains("no API keys yet", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_code_tells_the_listener_needs_keys_too()
    {
        await using var app = await Build(
            ["--urls=http://127.0.0.1:0"], builder => builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAnyIP(0)));

        await Assert.ThrowsAsync<StartRefusedException>(() => app.StartAsync());
    }

    [Fact]
    public async Task On_this_machine_none_are_needed()
    {
        await using var app = await Build(["--urls=http://127.0.0.1:0"]);

        await app.StartAsync();

        Assert.StartsWith("http://127.0.0.1:", Assert.Single(app.Urls), StringComparison.Ordinal);
    }

    static async Task<WebApplication> Build(string[] args, Action<WebApplicationBuilder>? adjust = null) => await Agents.Host.Server.Build(
        [.. args, "--Workers:MaxRuns=0", $"--ConnectionStrings:agents={await TestDatabase.CreatePrepared("bound")}"], adjust: builder =>
        {
            builder.Logging.ClearProviders();
            adjust?.Invoke(builder);
        });
}
