using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Http;
using Agents.Host.Tests.Costs;
using Agents.Host.Tests.Queues;
using Agents.Host.Tools;
using Alba;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;
using Wolverine;
using Wolverine.Runtime.Serialization;

namespace Agents.Host.Tests.Access;

/// <summary>What a tenant has, by the ids that addresses name.</summary>
/// <param name="Tenant">Its name. Other tenants may not know it; the platform may.</param>
/// <param name="Mark">A word that is in everything that the tenant has, and that nobody else may ever see.</param>
/// <param name="KeyIds">Of its keys.</param>
public sealed record Belongings(
    string Tenant, string Mark, Guid Run, Guid Batch, Guid WhatIf, string Schedule, string Document, string Thread, string Response, Guid Letter,
    IReadOnlyList<string> KeyIds);

/// <summary>A server with three tenants, each of which has one of everything; the third is the platform's own.</summary>
public sealed class Neighbours : IAsyncLifetime
{
    /// <summary>The budget of a run of each tenant: an amount that stands nowhere else.</summary>
    public const decimal Budget = 0.7654321m;

    public const string Own = "acme";
    public const string Other = "yak-tenant";
    public const string House = "keepers-house";

    public IAlbaHost Host { get; private set; } = null!;

    public KeyStore Keys { get; private set; } = null!;

    public IReadOnlyDictionary<string, Belongings> Of { get; private set; } = null!;

    /// <summary>By role. That of the platform is a key of the tenant <see cref="House"/>, the others of <see cref="Own"/>.</summary>
    public IReadOnlyDictionary<string, string> Key { get; private set; } = null!;

    public string Revoked { get; private set; } = "";

    public string Expired { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        var connection = await TestDatabase.CreatePrepared("neighbours");
        Host = await AlbaHost.For<Program>(web =>
        {
            web.UseSetting("ConnectionStrings:agents", connection);
            web.UseSetting("urls", "http://127.0.0.1:0");
            web.UseSetting("Telemetry:Prometheus", "true");
            web.UseSetting("Workers:FairnessKey", "team");
            web.ConfigureServices(services =>
            {
                services.Replace(ServiceDescriptor.Singleton<IChatClient>(new Turnstile()));
                services.AddSingleton(new ToolAssembly(typeof(App).Assembly));
                foreach (var agent in TestAgents.All) services.AddSingleton(agent);
            });
        });
        Keys = new(Host.Services.GetRequiredService<NpgsqlDataSource>());
        var keys = new Dictionary<string, string>();
        foreach (var role in Roles.All)
            keys[role] = (await Keys.Create(role == Roles.Platform ? House : Own, role, $"{role} key", CancellationToken.None)).Secret;
        Key = keys;
        (Revoked, var revoked) = await Keys.Create(Own, Roles.Platform, "revoked", CancellationToken.None);
        await Keys.Revoke(revoked.Id, CancellationToken.None);
        (Expired, _) = await Keys.Create(Own, Roles.Platform, "expired", CancellationToken.None, TimeSpan.FromSeconds(-1));
        var settled = new Dictionary<string, Belongings>();
        foreach (var (tenant, mark) in new[] { (Own, "wombat"), (Other, "zebra"), (House, "hippo") }) settled[tenant] = await Settle(tenant, mark);
        Of = settled;
    }

    public async ValueTask DisposeAsync() => await Host.DisposeAsync();

    public async Task<HttpResponseMessage> Send(HttpMethod method, string url, string? key, HttpContent? body = null)
    {
        using var client = Host.Server.CreateClient();
        using var request = new HttpRequestMessage(method, url) { Content = body };
        if (key is not null) request.Headers.Authorization = new("Bearer", key);
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Gives a tenant one of everything.</summary>
    async Task<Belongings> Settle(string tenant, string mark)
    {
        var (key, made) = await Keys.Create(tenant, Roles.Admin, $"{mark} admin", CancellationToken.None);
        var platform = Key[Roles.Platform];
        while (await IsUnknown(key)) await Task.Delay(50); // keys are read again every few seconds

        var metadata = new { team = $"{tenant}-team", note = $"{mark} note" };
        var question = new { agent = "talker", question = $"{mark} question", metadata, budgetUsd = Budget };
        var run = (await Json(HttpMethod.Post, "/runs", key, question)).GetProperty("id").GetGuid();
        var batch = (await Json(HttpMethod.Post, "/runs/batch", key, new { items = new[] { question } })).GetProperty("id").GetGuid();
        await Json(HttpMethod.Post, "/runs", key, new { agent = "talker", question = $"{mark} talk", threadId = $"{mark}-thread" });
        var asked = new { model = "talker", input = $"{mark} input", background = true };
        var response = (await Json(HttpMethod.Post, "/v1/responses", key, asked)).GetProperty("id").GetString()!;
        using var agent = new StringContent($"name: made-by-matrix\ndescription: Of the {mark}.\nsteps: [{{ name: talk, instructions: Answer. }}]\n");
        using var pushed = await Send(HttpMethod.Put, $"/agents/made-by-matrix?scope=tenant&comment={mark}", key, agent);
        Assert.True(pushed.IsSuccessStatusCode, await pushed.Content.ReadAsStringAsync());
        await Json(HttpMethod.Post, "/schedules", key, new { name = $"{mark}-schedule", cron = "0 0 1 1 *", run = question });
        await Json(HttpMethod.Put, $"/budgets/key/{mark}", key, new { limitUsd = Budget });
        using var text = new StringContent($"The {mark} document says much about the {mark}.");
        using var read = await Send(HttpMethod.Post, $"/documents?source={mark}.txt", key, text);
        var document = (await read.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("items")[0].GetProperty("documentId").GetString()!;
        while (!(await Json(HttpMethod.Get, "/runs", key)).GetProperty("items").EnumerateArray().All(
            one => one.GetProperty("finishedAt").ValueKind is JsonValueKind.String)) await Task.Delay(50);

        foreach (var scope in new[] { $"tenant:{tenant}", $"key:{tenant}-team" })
            await Json(HttpMethod.Put, $"/limits/{scope}", platform, new { maxRuns = 1000 });
        await Json(HttpMethod.Put, $"/pauses/tenant:{tenant}", platform, new { reason = $"{tenant} reason" });
        var otherwise = new { runs = new[] { run }, model = "offline-extractive-1", budgetUsd = Budget };
        var whatIf = (await Json(HttpMethod.Post, "/whatifs", key, otherwise)).GetProperty("id").GetGuid();
        var list = JsonSerializer.Deserialize<JsonElement>(Books.List($"{mark}-prices", $"{mark}-model", 1, 1));
        await Json(HttpMethod.Post, "/prices", platform, new { list, tenant });
        return new(
            tenant, mark, run, batch, whatIf, $"{mark}-schedule", document, $"{mark}-thread", response, await GiveUp(run, tenant, mark), [made.Id]);
    }

    async Task<bool> IsUnknown(string key)
    {
        using var answer = await Send(HttpMethod.Get, "/agents", key);
        return answer.StatusCode is HttpStatusCode.Unauthorized;
    }

    async Task<JsonElement> Json(HttpMethod method, string url, string key, object? body = null)
    {
        using var content = body is null ? null : JsonContent.Create(body);
        using var answer = await Send(method, url, key, content);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{method} {url} gave {answer.StatusCode}: {text}");
        return JsonSerializer.Deserialize<JsonElement>(text);
    }

    /// <summary>A message that was given up.</summary>
    async Task<Guid> GiveUp(Guid run, string tenant, string mark)
    {
        var envelope = new Envelope
        {
            Id = Guid.CreateVersion7(), MessageType = typeof(CallModel).FullName, ContentType = "application/json", TenantId = tenant,
            Data = JsonSerializer.SerializeToUtf8Bytes(new CallModel(run, 1, 1)), SentAt = DateTimeOffset.UtcNow,
        };
        await using var command = Host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(
            """
            insert into wolverine.wolverine_dead_letters (id, body, message_type, received_at, exception_type, exception_message, sent_at, replayable)
            values ($1, $2, 'Agents.Domain.Runs.CallModel', 'local://agents.domain.runs.callmodel/', 'Boom', $3, clock_timestamp(), false)
            """);
        command.Parameters.Add(new() { Value = envelope.Id });
        command.Parameters.Add(new() { Value = EnvelopeSerializer.Serialize(envelope) });
        command.Parameters.Add(new() { Value = $"{mark} exception" });
        await command.ExecuteNonQueryAsync();
        return envelope.Id;
    }
}
