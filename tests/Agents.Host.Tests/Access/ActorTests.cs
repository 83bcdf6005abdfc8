using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Agents.Host.Http;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Agents.Host.Tests.Access;

/// <summary>Two keys of one name are told apart by their ids, in facts and in changes.</summary>
public sealed class ActorTests(Locked server) : IClassFixture<Locked>
{
    [Fact]
    public async Task The_facts_of_a_run_name_the_keys_that_made_them()
    {
        var (first, second) = (await Twin(Roles.Admin), await Twin(Roles.Admin));
        var body = new { agent = "research", question = "Who asked?", notBefore = DateTimeOffset.UtcNow.AddDays(1) };
        var run = (await Json(HttpMethod.Post, "/runs", first.Secret, body)).GetProperty("id").GetGuid();
        await Json(HttpMethod.Put, $"/runs/{run}/budget", first.Secret, new { budgetUsd = 1 });
        await Json(HttpMethod.Post, $"/runs/{run}/cancel", second.Secret, new { reason = "enough" });

        var facts = (await Json(HttpMethod.Get, $"/runs/{run}/events", first.Secret)).GetProperty("items").EnumerateArray().ToList();

        Assert.Equal(["run_queued", "run_budget_changed", "run_cancelled"], facts.Select(fact => fact.GetProperty("type").GetString()));
        var data = facts.ConvertAll(fact => fact.GetProperty("data"));
        Assert.Equal(("twin", first.Key.Id), (data[0].GetProperty("requestedBy").GetString(), data[0].GetProperty("requestedByKey").GetString()));
        Assert.Equal(("twin", first.Key.Id), (data[1].GetProperty("by").GetString(), data[1].GetProperty("byKey").GetString()));
        Assert.Equal(("twin", second.Key.Id), (data[2].GetProperty("by").GetString(), data[2].GetProperty("byKey").GetString()));
        Assert.Equal(first.Key.Id, await Scalar("select requested_by_key from agents.run_summary where run_id = $1", run));
    }

    [Fact]
    public async Task Changes_of_documents_limits_pauses_and_dead_letters_name_the_keys_that_made_them()
    {
        var (admin, platform) = (await Twin(Roles.Admin), await Twin(Roles.Platform));
        using var text = new StringContent("A document that comes and goes.");
        using var added = await Send(HttpMethod.Post, "/documents?source=comes-and-goes.txt", admin.Secret, text);
        var document = (await added.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("items")[0].GetProperty("documentId").GetString()!;
        await Json(HttpMethod.Delete, $"/documents/{document}", admin.Secret);
        await Json(HttpMethod.Put, "/limits/tenant:acme", platform.Secret, new { maxRuns = 7 });
        await Json(HttpMethod.Delete, "/limits/tenant:acme", platform.Secret);
        await Json(HttpMethod.Put, "/pauses/tenant:acme", admin.Secret, new { reason = "lunch" });
        await Json(HttpMethod.Delete, "/pauses/tenant:acme", admin.Secret);
        var letter = Guid.CreateVersion7(); // it names no tenant, so it is the platform's
        await Scalar(
            """
            insert into wolverine.wolverine_dead_letters (id, body, message_type, received_at, exception_type, exception_message, replayable)
            values ($1, '', 'CallModel', 'local://x/', 'Boom', 'It broke.', false) returning message_type
            """, letter);
        using var hidden = await server.Send(HttpMethod.Delete, $"/dead-letters/{letter}", admin.Secret);
        await Json(HttpMethod.Delete, $"/dead-letters/{letter}", platform.Secret);

        var changes = (await Json(HttpMethod.Get, "/changes", admin.Secret)).GetProperty("items").EnumerateArray().Select(change => string.Join(
            ' ', new[] { "kind", "subject", "change", "by", "byKey" }.Select(member => change.GetProperty(member).GetString()))).Reverse();

        Assert.Equal(HttpStatusCode.NotFound, hidden.StatusCode);
        Assert.Equal(
            [
                $"document {document} version 1 added twin {admin.Key.Id}",
                $"document {document} deleted twin {admin.Key.Id}",
                $"limit tenant:acme set, maxRuns 7 twin {platform.Key.Id}",
                $"limit tenant:acme removed twin {platform.Key.Id}",
                $"pause tenant:acme set: lunch twin {admin.Key.Id}",
                $"pause tenant:acme lifted twin {admin.Key.Id}",
                $"dead_letter {letter} discarded CallModel twin {platform.Key.Id}",
            ],
            changes);
        var refused = await Assert.ThrowsAsync<PostgresException>(() => Scalar("delete from agents.change returning by"));
        Assert.Equal("23001", refused.SqlState);
    }

    [Fact]
    public async Task What_the_platform_has_paused_a_tenant_neither_changes_nor_lifts()
    {
        var (admin, platform) = (await Twin(Roles.Admin, "paused"), await Twin(Roles.Platform));
        await Json(HttpMethod.Put, "/pauses/tenant:paused", platform.Secret, new { reason = "unpaid" });

        foreach (var (method, body) in new[] { (HttpMethod.Put, JsonContent.Create(new { reason = "" })), (HttpMethod.Delete, null) })
        {
            using var answer = await Send(method, "/pauses/tenant:paused", admin.Secret, body);
            Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        }

        var seen = Assert.Single((await Json(HttpMethod.Get, "/pauses", admin.Secret)).GetProperty("items").EnumerateArray());
        Assert.Equal(("unpaid", true), (seen.GetProperty("reason").GetString(), seen.GetProperty("byPlatform").GetBoolean()));
        await Json(HttpMethod.Delete, "/pauses/tenant:paused", platform.Secret);
        await Json(HttpMethod.Put, "/pauses/tenant:paused", admin.Secret, new { reason = "lunch" });
        await Json(HttpMethod.Delete, "/pauses/tenant:paused", admin.Secret);
    }

    [Fact]
    public async Task A_key_that_expires_opens_until_then_and_nothing_afterwards()
    {
        var (secret, key) = await server.Keys.Create("acme", Roles.Viewer, "short", CancellationToken.None, TimeSpan.FromSeconds(8));
        Assert.InRange((key.ExpiresAt - key.CreatedAt)!.Value, TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(9));

        Assert.Equal(HttpStatusCode.OK, await server.Until(status => status is HttpStatusCode.OK, HttpMethod.Get, "/agents", secret));
        Assert.Equal(
            HttpStatusCode.Unauthorized, await server.Until(status => status is HttpStatusCode.Unauthorized, HttpMethod.Get, "/agents", secret));

        Assert.True(await server.Keys.Revoke(key.Id, CancellationToken.None));
        var listed = (await server.Keys.List(CancellationToken.None)).Single(one => one.Id == key.Id);
        Assert.Equal((Environment.UserName, Environment.UserName), (listed.CreatedBy, listed.RevokedBy));
    }

    /// <summary>A key that has the same name as the others here.</summary>
    async Task<(string Secret, ApiKey Key)> Twin(string role, string tenant = "acme")
    {
        var twin = await server.Keys.Create(tenant, role, "twin", CancellationToken.None);
        await server.Until(status => status is not HttpStatusCode.Unauthorized, HttpMethod.Get, "/agents", twin.Secret);
        return twin;
    }

    async Task<HttpResponseMessage> Send(HttpMethod method, string url, string key, HttpContent? body)
    {
        using var client = server.Host.Server.CreateClient();
        using var request = new HttpRequestMessage(method, url) { Content = body };
        request.Headers.Authorization = new("Bearer", key);
        return await client.SendAsync(request);
    }

    async Task<JsonElement> Json(HttpMethod method, string url, string key, object? body = null)
    {
        using var answer = await server.Send(method, url, key, body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{method} {url} gave {answer.StatusCode}: {text}");
        return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
    }

    async Task<object?> Scalar(string sql, params object[] values)
    {
        await using var command = server.Host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return await command.ExecuteScalarAsync();
    }
}
