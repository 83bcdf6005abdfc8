using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Http;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Wolverine;
using Wolverine.Runtime.Serialization;

namespace Agents.Host.Tests.Operations;

/// <summary>On a server of its own: the others prove that they have none.</summary>
public sealed class DeadLetterTests : IAsyncLifetime
{
    Microsoft.AspNetCore.Builder.WebApplication app = null!;
    HttpClient client = null!;

    NpgsqlDataSource Database => app.Services.GetRequiredService<NpgsqlDataSource>();

    public async ValueTask InitializeAsync()
    {
        var connection = await TestDatabase.CreatePrepared("letters");
        app = await Agents.Host.Server.Build(["--urls=http://127.0.0.1:0", $"--ConnectionStrings:agents={connection}"], adjust: builder =>
            builder.Logging.ClearProviders());
        await app.StartAsync();
        client = new() { BaseAddress = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()) };
        client.DefaultRequestHeaders.Add(PageGuard.ClientHeader, "tests");
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await app.DisposeAsync();
    }

    [Fact]
    public async Task A_message_that_was_given_up_is_shown_and_sent_again_and_others_are_not_seen()
    {
        var runId = Guid.CreateVersion7(); // there is no such run: sent again, the message is handled and does nothing
        var (mine, theirs, unreadable) = (await Give(runId, "default"), await Give(runId, "somebody-else"), Guid.CreateVersion7());
        await Insert(unreadable, [1, 2, 3]);

        var letter = (await Listed()).Single(one => one.GetProperty("id").GetGuid() == mine);
        Assert.Equal(runId, letter.GetProperty("runId").GetGuid());
        Assert.Equal("Boom", letter.GetProperty("exceptionType").GetString());
        Assert.DoesNotContain(await Listed(), one => one.GetProperty("id").GetGuid() == theirs);
        Assert.Equal(HttpStatusCode.NotFound, await Replay(theirs));
        Assert.Equal(
            JsonValueKind.Null, (await Listed()).Single(one => one.GetProperty("id").GetGuid() == unreadable).GetProperty("runId").ValueKind);

        Assert.Equal(HttpStatusCode.NoContent, await Delete(unreadable));
        Assert.Equal(HttpStatusCode.NotFound, await Delete(unreadable));
        Assert.Equal(HttpStatusCode.OK, await Replay(mine));
        var patience = System.Diagnostics.Stopwatch.StartNew();
        while ((await Listed()).Any(one => one.GetProperty("id").GetGuid() == mine))
        {
            Assert.True(patience.Elapsed < TimeSpan.FromSeconds(60), "It was never sent again.");
            await Task.Delay(100);
        }
    }

    async Task<Guid> Give(Guid runId, string tenant)
    {
        var envelope = new Envelope
        {
            Id = Guid.CreateVersion7(), MessageType = typeof(CallModel).FullName, ContentType = "application/json", TenantId = tenant,
            Data = JsonSerializer.SerializeToUtf8Bytes(new CallModel(runId, 1, 1)), SentAt = DateTimeOffset.UtcNow,
        };
        await Insert(envelope.Id, EnvelopeSerializer.Serialize(envelope));
        return envelope.Id;
    }

    async Task Insert(Guid id, byte[] body)
    {
        await using var command = Database.CreateCommand(
            """
            insert into wolverine.wolverine_dead_letters (id, body, message_type, received_at, exception_type, exception_message, sent_at, replayable)
            values ($1, $2, 'Agents.Domain.Runs.CallModel', 'local://agents.domain.runs.callmodel/', 'Boom', 'It broke.', clock_timestamp(), false)
            """);
        command.Parameters.Add(new NpgsqlParameter { Value = id });
        command.Parameters.Add(new NpgsqlParameter { Value = body });
        await command.ExecuteNonQueryAsync();
    }

    async Task<List<JsonElement>> Listed() =>
        [.. (await client.GetFromJsonAsync<JsonElement>("/dead-letters")).GetProperty("items").EnumerateArray().Select(one => one.Clone())];

    async Task<HttpStatusCode> Replay(Guid id)
    {
        using var answer = await client.PostAsync($"/dead-letters/{id}/replay", null);
        return answer.StatusCode;
    }

    async Task<HttpStatusCode> Delete(Guid id)
    {
        using var answer = await client.DeleteAsync($"/dead-letters/{id}");
        return answer.StatusCode;
    }
}
