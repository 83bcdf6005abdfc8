using System.Text.Json;
using Agents.Host.Tests.Models;
using Agents.Host.Engine.Evidence;
using Alba;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Agents.Host.Tests.Operations;

/// <summary>
/// A database with runs made by a real host and a provider with a ledger: one done, one refused once, one whose stream was cut once, one parked, one
/// that was in the middle of a call when the host stopped.
/// </summary>
public sealed class SoundDatabase : IAsyncLifetime
{
    readonly string folder = Directory.CreateTempSubdirectory("agents-verify-").FullName;
    readonly Dictionary<string, Guid> runs = [];
    string original = "";

    public string Ledger => Path.Combine(folder, "ledger.jsonl");

    public async ValueTask InitializeAsync()
    {
        original = await TestDatabase.CreatePrepared("sound");
        var hung = new TaskCompletionSource();
        var faults = new HashSet<string>();
        await using var provider = await FakeProvider.Start(Ledger);
        provider.Otherwise(request => ReplyTo(request, faults, hung));

        await using var host = await AlbaHost.For<Program>(web =>
        {
            web.UseSetting("ConnectionStrings:agents", original);
            web.UseSetting("urls", "http://127.0.0.1:0");
            web.UseSetting("Models:Provider", "openai");
            web.UseSetting("Models:Endpoint", provider.Address.ToString());
            web.UseSetting("Models:ApiKey", "test");
            web.UseSetting("Workers:DrainTimeout", "00:00:01");
        });
        await host.Scenario(call =>
        {
            call.Put.Json(new { limitUsd = 5 }).ToUrl("/budgets/tenant/default").QueryString("period", "total");
            call.StatusCodeShouldBe(201);
        });
        foreach (var question in new[] { "done", "refused", "cut", "parked", "unfinished" }) runs[question] = await Queue(host, question);
        foreach (var (question, id) in runs)
            await Until(host, id, question switch { "parked" => "parked", "unfinished" => "running", _ => "completed" });
        await hung.Task.WaitAsync(TimeSpan.FromSeconds(60));
        await host.StopAsync();
        await Sign();
    }

    /// <summary>The server that made the runs had no key, so that there is one checkpoint, over all of them.</summary>
    async Task Sign()
    {
        await using var database = NpgsqlDataSource.Create(original);
        var options = EvidenceOptions.From(new ConfigurationBuilder().AddInMemoryCollection([new("Evidence:Key", SigningKey)]).Build());
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60)); // until no transaction is open that the runs need no more
        while (await new EvidenceCheckpoints(database, options).Sign(patience.Token) is null) await Task.Delay(50, patience.Token);
    }

    /// <summary>Signs the checkpoint over all that the runs have stored.</summary>
    public static readonly string SigningKey = Engine.Evidence.SigningKey.Create();

    /// <summary>A database of its own for a test to spoil.</summary>
    public Task<string> Copy() => TestDatabase.Create("spoilt", template: original);

    /// <summary>The text with ids of runs for their names, and SQL for what many tests do.</summary>
    public string Filled(string text)
    {
        text = text
            .Replace("{append step_completed}", AppendStepCompleted, StringComparison.Ordinal)
            .Replace(
                "{node}",
                "insert into wolverine.wolverine_nodes (id, description, uri, started, health_check) values (gen_random_uuid(), 'x', 'x', now(), now() + interval '1 h')", StringComparison.Ordinal);
        return runs.Aggregate(text, (filled, run) => filled.Replace($"{{{run.Key}}}", run.Value.ToString(), StringComparison.Ordinal));
    }

    public static async Task Execute(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "alter table agents.mt_events disable trigger append_only; alter table agents.timeline disable trigger append_only; "
            + $"alter table finance.model_call disable trigger append_only; {sql}", connection);
        await command.ExecuteNonQueryAsync();
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>A second, otherwise perfect step_completed at the end of the stream.</summary>
    const string AppendStepCompleted =
        """
        insert into agents.mt_events select (jsonb_populate_record(e, jsonb_build_object(
            'seq_id', (select max(seq_id) + 1 from agents.mt_events), 'id', gen_random_uuid(), 'version', s.version + 1))).*
          from agents.mt_events e join agents.mt_streams s on s.id = e.stream_id
          where e.stream_id = '{done}' and e.type = 'step_completed' and e.data->>'step' = '4';
        update agents.mt_streams set version = version + 1 where id = '{done}'
        """;

    static FakeReply ReplyTo(FakeRequest request, HashSet<string> faults, TaskCompletionSource hung)
    {
        bool IsOf(string question) => request.Body.Contains($"\"{question}\"", StringComparison.Ordinal);
        bool IsFirst(string question)
        {
            lock (faults) return IsOf(question) && faults.Add(question);
        }

        if (IsOf("unfinished"))
        {
            hung.TrySetResult();
            return FakeReply.Silence;
        }

        if (IsOf("parked")) return FakeReply.Error(401, "Incorrect API key provided.");
        if (IsFirst("refused")) return FakeReply.Error(429, "Slow down.", retryAfter: "0");
        if (IsFirst("cut")) return FakeReply.Answer("half an answer", new(1000, 100)) with { StopAfterBytes = 300 };
        return FakeReply.Answer($"reply {request.Number}", new(1000, 100));
    }

    public static async Task<Guid> Queue(IAlbaHost host, string question, string agent = "research")
    {
        var queued = await host.Scenario(call =>
        {
            call.Post.Json(App.Body(question, agent)).ToUrl("/runs");
            call.StatusCodeShouldBe(202);
        });
        return (await queued.ReadAsJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    public static async Task Until(IAlbaHost host, Guid id, string status)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var run = await host.Scenario(call => call.Get.Url($"/runs/{id}"));
            if ((await run.ReadAsJsonAsync<JsonElement>()).GetProperty("status").GetString() == status) return;
            await Task.Delay(50, patience.Token);
        }
    }
}
