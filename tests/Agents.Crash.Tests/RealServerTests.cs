using System.Net;
using System.Text;
using Agents.Host.Tests;
using Agents.Host.Tests.Models;

namespace Agents.Crash.Tests;

/// <summary>What only a listening server can show.</summary>
public sealed class RealServerTests
{
    [Fact]
    public async Task Ten_megabytes_are_refused_before_they_are_read()
    {
        await using var provider = await FakeProvider.Start();
        await using var server = await ServerHere.Start(await TestDatabase.CreatePrepared(), provider.Address);

        using var request = new HttpRequestMessage(HttpMethod.Post, "/runs");
        request.Content = new StringContent(
            $$"""{"agent":"research","question":"{{new string('x', 10_000_000)}}"}""", Encoding.UTF8, "application/json");
        request.Headers.ExpectContinue = true; // as curl does: asks before it sends
        using var answer = await server.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Contains("\"status\":413", await answer.Content.ReadAsStringAsync());
    }
}
