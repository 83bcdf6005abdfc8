using System.Net;
using System.Net.Http.Json;
using Agents.Host.Postgres;
using Alba;

namespace Agents.Host.Tests.Operations;

public sealed class DatabaseAwayTests
{
    [Fact]
    public async Task A_database_that_is_away_is_a_503_and_nothing_is_half_written()
    {
        var directory = Path.Combine(Path.GetTempPath(), $"agents-away-{Guid.CreateVersion7():N}");
        var options = new EmbeddedServerOptions { Durable = true, MayDownload = false };
        var server = await EmbeddedServer.Start(directory, options, CancellationToken.None);
        await using var host = await AlbaHost.For<Program>(web =>
        {
            web.UseSetting("ConnectionStrings:agents", server.ConnectionString);
            web.UseSetting("urls", "http://127.0.0.1:0");
        });
        using var client = host.Server.CreateClient();
        try
        {
            using (var before = await Post(client, "Before.")) Assert.Equal(HttpStatusCode.Accepted, before.StatusCode);

            await server.DisposeAsync();
            using (var away = await Post(client, "While it is away."))
            {
                Assert.Equal(HttpStatusCode.ServiceUnavailable, away.StatusCode);
                Assert.NotNull(away.Headers.RetryAfter);
                Assert.Contains("Nothing was stored", await away.Content.ReadAsStringAsync());
            }

            using (var ready = await client.GetAsync(new Uri("/health/ready", UriKind.Relative)))
                Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
            using (var live = await client.GetAsync(new Uri("/health/live", UriKind.Relative))) Assert.Equal(HttpStatusCode.OK, live.StatusCode);

            server = await EmbeddedServer.Start(directory, options, CancellationToken.None);
            using (var after = await Eventually(client)) Assert.Equal(HttpStatusCode.Accepted, after.StatusCode);
            var runs = await client.GetStringAsync(new Uri("/runs", UriKind.Relative));
            Assert.DoesNotContain("While it is away.", runs);
        }
        finally
        {
            await host.StopAsync();
            await server.DisposeAsync();
            await EmbeddedServer.Reset(directory, CancellationToken.None);
            Directory.Delete(directory, recursive: true);
        }
    }

    static Task<HttpResponseMessage> Post(HttpClient client, string question) =>
        client.PostAsJsonAsync("/runs", new { agent = "research", question });

    /// <summary>Pooled connections to the old server may still fail once each.</summary>
    static async Task<HttpResponseMessage> Eventually(HttpClient client)
    {
        for (var attempt = 1; ; attempt++)
        {
            var answer = await Post(client, "After.");
            if (answer.StatusCode == HttpStatusCode.Accepted || attempt == 50) return answer;
            answer.Dispose();
            await Task.Delay(100);
        }
    }
}
