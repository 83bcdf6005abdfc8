using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Agents.Host.Engine.Webhooks;
using Agents.Host.Platform;
using Alba;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Agents.Host.Tests.Budgets;

/// <summary>Events of budgets on their way to a real receiver.</summary>
public sealed class WebhookTests
{
    const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    [Fact]
    public async Task A_threshold_is_posted_once_signed_as_the_standard_says_and_again_when_the_receiver_was_down()
    {
        var received = Channel.CreateUnbounded<(Dictionary<string, string> Headers, string Body)>();
        var posts = 0;
        await using var receiver = WebApplication.CreateSlimBuilder().Build();
        receiver.Urls.Add("http://127.0.0.1:0");
        receiver.MapPost("/events", async (HttpRequest request) =>
        {
            using var reader = new StreamReader(request.Body);
            await received.Writer.WriteAsync((request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header =>
                header.Value.ToString()), await reader.ReadToEndAsync()));
            return Interlocked.Increment(ref posts) == 1 ? Results.StatusCode(503) : Results.NoContent();
        });
        await receiver.StartAsync();
        var connection = await TestDatabase.CreatePrepared("webhooks");
        await using var host = await AlbaHost.For<Program>(web =>
        {
            web.UseSetting("ConnectionStrings:agents", connection);
            web.UseSetting("urls", "http://127.0.0.1:0");
            web.UseSetting("Webhooks:Urls:0", receiver.Urls.Single() + "/events");
            web.UseSetting("Webhooks:Secret", Secret);
        });

        await using (var database = NpgsqlDataSource.Create(connection))
        await using (var cross = database.CreateCommand(
            """
            select finance.set_budget('default', 'agent', 'loud', 'total', 2, null, 'ada');
            select finance.try_reserve('default', '018f0000-0000-7000-8000-000000000000', '018f0000-0000-7000-8000-000000000000', 'loud', 'ada', 1, 1, 1.5, false);
            call finance.settle('default', '018f0000-0000-7000-8000-000000000000', 1, 1, 'settled', 1.25);
            """))
            await cross.ExecuteNonQueryAsync();

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var first = await received.Reader.ReadAsync(patience.Token);
        var again = await received.Reader.ReadAsync(patience.Token);
        Assert.Equal((first.Body, first.Headers["webhook-id"]), (again.Body, again.Headers["webhook-id"]));
        Assert.All(new[] { first, again }, AssertSigned);
        var told = JsonSerializer.Deserialize<JsonElement>(first.Body);
        Assert.Equal("budget.threshold", told.GetProperty("type").GetString());
        var data = told.GetProperty("data");
        Assert.Equal(("agent", "loud", "total", 50), (data.GetProperty("scope").GetString(), data.GetProperty("value").GetString(),
            data.GetProperty("period").GetString(), data.GetProperty("percent").GetInt32()));
        Assert.Equal((2m, 1.25m, 0m),
            (data.GetProperty("limitUsd").GetDecimal(), data.GetProperty("spentUsd").GetDecimal(), data.GetProperty("reservedUsd").GetDecimal()));
    }

    [Fact]
    public async Task A_poisoned_event_holds_no_other_back()
    {
        var received = Channel.CreateUnbounded<string>();
        await using var receiver = WebApplication.CreateSlimBuilder().Build();
        receiver.Urls.Add("http://127.0.0.1:0");
        receiver.MapPost("/events", async (HttpRequest request) =>
        {
            using var reader = new StreamReader(request.Body);
            await received.Writer.WriteAsync(await reader.ReadToEndAsync());
        });
        await receiver.StartAsync();
        var connection = await TestDatabase.Create("poisonedevents");
        await using var host = await AlbaHost.For<Program>(web =>
        {
            web.UseSetting("ConnectionStrings:agents", connection);
            web.UseSetting("urls", "http://127.0.0.1:0");
            web.UseSetting("Webhooks:Urls:0", receiver.Urls.Single() + "/events");
            web.UseSetting("Webhooks:Secret", Secret);
        });

        await using (var database = NpgsqlDataSource.Create(connection))
        await using (var events = database.CreateCommand(
            """
            insert into finance.budget_event (at, tenant_id, scope, value, period, starts_on, limit_usd, percent, spent_usd, reserved_usd) values
              (clock_timestamp() - interval '1 minute', 'default', 'agent', 'more than the server can count', 'total', '-infinity', 1e40, 50, 1e40, 0),
              (clock_timestamp(), 'default', 'agent', 'countable', 'total', '-infinity', 2, 50, 1, 0)
            """))
            await events.ExecuteNonQueryAsync();

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        Assert.Contains("countable", await received.Reader.ReadAsync(patience.Token), StringComparison.Ordinal);
    }

    [Fact]
    public void A_signature_is_that_of_the_standards_own_example() => Assert.Equal(
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", """{"test": 2432232314}"""));

    [Theory]
    [InlineData("ftp://example.org/x", Secret, "http or https")]
    [InlineData("not an address", Secret, "http or https")]
    [InlineData("https://user:word@example.org/x", Secret, "without a user name")]
    [InlineData("https://example.org/x", null, "Webhooks:Secret")]
    [InlineData("https://example.org/x", "whsec_c2hvcnQ=", "24 to 64 bytes")]
    [InlineData("https://example.org/x", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "Webhooks:Secret")]
    public void A_webhook_that_cannot_be_keeps_the_server_from_starting(string url, string? secret, string says)
    {
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["Webhooks:Urls:0"] = url, ["Webhooks:Secret"] = secret }).Build();

        var refused = Assert.Throws<StartRefusedException>(() => WebhookOptions.From(settings));

        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("user:word", refused.Message, StringComparison.Ordinal);
        if (secret is not null) Assert.DoesNotContain(secret, refused.Message, StringComparison.Ordinal);
    }

    static void AssertSigned((Dictionary<string, string> Headers, string Body) post)
    {
        Assert.True(Math.Abs(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - long.Parse(post.Headers["webhook-timestamp"], null)) < 300);
        Assert.Equal(Sign(post.Headers["webhook-id"], post.Headers["webhook-timestamp"], post.Body), post.Headers["webhook-signature"]);
        Assert.Equal("application/json", post.Headers["content-type"]);
    }

    /// <summary>As a receiver computes it.</summary>
    static string Sign(string id, string timestamp, string body) =>
        "v1,"
            + Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(Secret[6..]), Encoding.UTF8.GetBytes($"{id}.{timestamp}.{body}")));
}
