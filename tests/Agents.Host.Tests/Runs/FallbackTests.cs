using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Cli;
using Agents.Host.Tests.Models;
using Npgsql;

namespace Agents.Host.Tests.Runs;

/// <summary>Runs whose provider fails, whose key changes, and whose money or calls run out, over HTTP.</summary>
public sealed class FallbackTests(SeveralProviders server) : IClassFixture<SeveralProviders>
{
    const string Model = SeveralProviders.Model;

    [Fact]
    public async Task A_provider_that_answers_500_and_then_hangs_is_left_and_facts_and_ledger_agree_to_the_last_digit()
    {
        server.Fast.Script(FakeReply.Error(500, "Out of order."), FakeReply.Silence);
        server.Careful.Script(FakeReply.Answer("It is forty-two.", new(1000, 100)));

        var run = await server.Ask("steady", "How much is it?");

        Assert.Equal(("completed", "It is forty-two."), (run.GetProperty("status").GetString(), run.GetProperty("answer").GetString()));
        var facts = await server.Facts(run);
        Assert.Equal(
            [($"fast/{Model}", 1), ($"fast/{Model}", 2), ($"careful/{Model}", 3)],
            facts.OfType<ModelCallScheduled>().Select(fact => (fact.Model, fact.Attempt)));
        Assert.Equal(["fast", "fast", "careful"], facts.OfType<ModelCallStarted>().Select(fact => fact.Provider));
        Assert.All(facts.OfType<ModelCallStarted>(), fact => Assert.True(fact.ReservedUsd > 0));
        Assert.Equal(FailureKind.Unavailable, facts.OfType<ModelCallFailed>().Single().Failure.Kind);
        var hung = facts.OfType<ModelCallOutcomeUnknown>().Single();
        Assert.Equal((UnknownCause.TimedOut, facts.OfType<ModelCallStarted>().ElementAt(1).ReservedUsd), (hung.Cause, hung.HighUsd));
        Assert.Equal(FailureKind.Timeout, facts.OfType<ModelCallScheduled>().Last().Because!.Kind);
        var reply = facts.OfType<ModelCallCompleted>().Single();
        Assert.Equal(("careful", 0.00021m), (reply.Provider, reply.Cost!.Usd)); // 1,000 x 0.15 and 100 x 0.60 a million

        Assert.Equal(
            [("fast", $"fast/{Model}", "failed", null), ("fast", $"fast/{Model}", "unknown", null), ("careful", Model, "completed", 0.00021m)],
            await LedgerOf(run.GetProperty("id").GetGuid()));
        var (exitCode, said) = await Reconcile(run.GetProperty("id").GetString()!, billed: 0.00021m);
        Assert.True(exitCode == ExitCodes.Ok, said);
    }

    [Fact]
    public async Task A_run_that_has_asked_every_model_parks_and_names_what_each_said()
    {
        server.Fast.Script(FakeReply.Error(401, "No such account."));
        server.Careful.Script(FakeReply.Error(400, "Never."));

        var run = await server.Ask("steady", "Who answers?");

        var message = run.GetProperty("failure").GetProperty("message").GetString()!;
        Assert.Equal("parked", run.GetProperty("status").GetString());
        Assert.Equal($"No model answered. fast/{Model}: HTTP 401: No such account. | careful/{Model}: HTTP 400: Never.", message);
    }

    [Fact]
    public async Task A_key_in_a_file_changes_without_a_restart()
    {
        server.Careful.Script(FakeReply.Answer("One.", new(10, 1)), FakeReply.Answer("Two.", new(10, 1)));
        await server.Ask("closer", "First?");
        Assert.Equal("Bearer first-key", server.Careful.Requests[^1].Headers["Authorization"]);

        await File.WriteAllTextAsync(server.KeyFile, "second-key");
        await server.Ask("closer", "Second?");
        Assert.Equal("Bearer second-key", server.Careful.Requests[^1].Headers["Authorization"]);
        await File.WriteAllTextAsync(server.KeyFile, "first-key");
    }

    [Fact]
    public async Task A_step_that_has_used_its_calls_closes_without_tools_and_says_so_everywhere()
    {
        var asksForMore = FakeReply.Calls(new FakeToolCall("add", """{"left":"1","right":"2"}"""));
        server.Careful.Script(asksForMore, asksForMore, asksForMore, asksForMore, FakeReply.Answer("Three, as far as I know.", new(50, 10)));

        var run = await server.Ask("closer", "How much?");

        Assert.Equal(("completed", "calls"), (run.GetProperty("status").GetString(), run.GetProperty("incomplete").GetString()));
        var last = server.Careful.Requests[^1].Json;
        Assert.False(last.TryGetProperty("tools", out _));
        Assert.Contains("this step has used up its model calls", last.GetProperty("messages")[0].GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("tool_calls", server.Careful.Requests[^1].Body, StringComparison.Ordinal);
        Assert.Equal(1, (await server.Facts(run)).Count(fact => fact is RunClosing { Reason: "calls", Step: 0 }));

        server.Careful.Script(asksForMore, asksForMore, asksForMore, asksForMore, FakeReply.Answer("Three.", new(50, 10)));
        var response = await server.Send(call => call.Post.Json(new { model = "closer", input = "And how much is this?" }).ToUrl("/v1/responses"), 200);
        Assert.Equal("incomplete", response.GetProperty("status").GetString());
        Assert.Equal("calls", response.GetProperty("incomplete_details").GetProperty("reason").GetString());
    }

    [Fact]
    public async Task A_run_with_little_money_closes_within_its_budget()
    {
        const decimal Budget = 0.0025m;
        server.Careful.Otherwise(request => request.Json.TryGetProperty("tools", out _)
            ? FakeReply.Calls(new FakeToolCall("add", """{"left":"1","right":"2"}""")) with { Usage = new(1000, MaxTokens(request)) }
            : FakeReply.Answer("Three; more I could not find out.", new(300, 20)));

        var run = await server.Ask("closer", "How much for so little?", Budget);

        Assert.Equal(("completed", "budget"), (run.GetProperty("status").GetString(), run.GetProperty("incomplete").GetString()));
        Assert.True(run.GetProperty("costUsd").GetDecimal() <= Budget);
        var started = (await server.Facts(run)).OfType<ModelCallStarted>().ToList();
        Assert.All(started.SkipLast(1), fact => Assert.True(fact.KeptUsd > 0));
        Assert.Null(started[^1].KeptUsd);
    }

    [Fact]
    public async Task Rates_and_prices_are_asked_by_entry()
    {
        var rate = await server.Send(call => call.Put.Json(new { requestsPerMinute = 500 }).ToUrl($"/rates/fast/{Model}"), 200);
        Assert.Equal(("fast", Model), (rate.GetProperty("provider").GetString(), rate.GetProperty("model").GetString()));
        var problem = await server.Send(call => call.Put.Json(new { requestsPerMinute = 5 }).ToUrl($"/rates/slow/{Model}"), 400);
        Assert.Equal("A provider is one of: offline, openai, azure, anthropic, ollama, careful, fast.", problem.GetProperty("detail").GetString());

        var price = await server.Send(call => call.Get.Url($"/prices/model?model=fast/{Model}"), 200);
        Assert.Equal(0.15m, price.GetProperty("entry").GetProperty("price").GetProperty("input").GetDecimal());
    }

    static long MaxTokens(FakeRequest request) =>
        (request.Json.TryGetProperty("max_completion_tokens", out var most) ? most : request.Json.GetProperty("max_tokens")).GetInt64();

    async Task<IReadOnlyList<(string? Provider, string? Model, string Status, decimal? CostUsd)>> LedgerOf(Guid run)
    {
        await using var database = NpgsqlDataSource.Create(server.Connection);
        await using var command = database.CreateCommand(
            "select provider, model, status, cost_usd from finance.model_call where run_id = $1 order by version");
        command.Parameters.Add(new() { Value = run });
        await using var rows = await command.ExecuteReaderAsync();
        var read = new List<(string?, string?, string, decimal?)>();
        while (await rows.ReadAsync())
            read.Add((Text(0), Text(1), rows.GetString(2), rows.IsDBNull(3) ? null : rows.GetDecimal(3)));
        return read;

        string? Text(int at) => rows.IsDBNull(at) ? null : rows.GetString(at);
    }

    /// <summary>Both providers' ledgers as one, with what was billed for the last request of the run.</summary>
    async Task<(int ExitCode, string Said)> Reconcile(string run, decimal billed)
    {
        var lines = new List<string>();
        foreach (var ledger in server.Ledgers)
        {
            await using var open = new FileStream(ledger, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(open);
            lines.AddRange((await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }

        var last = lines.FindLastIndex(line => line.Contains(run, StringComparison.Ordinal));
        var request = JsonSerializer.Deserialize<Dictionary<string, object>>(lines[last])!;
        request["BilledUsd"] = billed;
        lines[last] = JsonSerializer.Serialize(request);
        var file = Path.GetTempFileName();
        await File.WriteAllLinesAsync(file, lines);
        var said = new StringWriter();
        var exitCode = await CommandLine.Run(
            ["finance", "reconcile", "--ledger", file], said, said, $"--ConnectionStrings:agents={server.Connection}");
        File.Delete(file);
        return (exitCode, said.ToString());
    }
}
