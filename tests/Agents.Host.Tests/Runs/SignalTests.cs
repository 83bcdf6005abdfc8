using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Engine.Duties;
using Microsoft.Extensions.DependencyInjection;

namespace Agents.Host.Tests.Runs;

/// <summary>Runs that wait, and the signals that they are sent, over HTTP.</summary>
public sealed class SignalTests(App app)
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_signal_ends_the_wait_for_it_and_later_steps_are_told_its_payload()
    {
        const string Question = "May the patient one go?";
        app.Model.Says(Question, "Yes, it may.");
        var id = await Waiting(Question, "patient");

        var waiting = (await app.Get($"/runs/{id}")).GetProperty("waiting");
        Assert.Equal("approved", waiting.GetProperty("signal").GetString());
        Assert.Equal(TimeSpan.FromMinutes(20), waiting.GetProperty("until").GetDateTimeOffset() - waiting.GetProperty("since").GetDateTimeOffset());
        Assert.True(await app.Scalar<bool>(
            "select exists (select from agents.run_queue where run_id = $1 and waits_for = 'wait' and node is null and wake_at is not null)", id));
        var why = await app.Get($"/runs/{id}/why");
        Assert.Equal("wait", why.GetProperty("blockedBy")[0].GetProperty("kind").GetString());
        Assert.EndsWith($"Send it: agents signal {id} approved", why.GetProperty("summary").GetString(), StringComparison.Ordinal);
        Assert.Equal(waiting.GetProperty("until").GetDateTimeOffset(), why.GetProperty("estimatedStart").GetDateTimeOffset(), TimeSpan.FromSeconds(1));

        var sent = await app.Post($"/runs/{id}/signals/approved", new { by = "the board" }, 202, key: "approved once");
        Assert.Equal((id, "approved", "used"), Read(sent));

        Assert.Equal("Yes, it may.", (await app.Finished(id)).GetProperty("answer").GetString());
        Assert.Contains(
            app.Model.Asked(Question)[0], message => message.Text.Contains("""{"by":"the board"}""", StringComparison.Ordinal));
        Assert.False((await app.Get($"/runs/{id}")).TryGetProperty("waiting", out _));
        var received = Assert.Single((await app.Facts(id)).OfType<SignalReceived>());
        Assert.Equal(new("approved", """{"by":"the board"}""", "approved once", "operator"), received);
        Assert.Equal((id, "approved", "used"), Read(await app.Post($"/runs/{id}/signals/approved", new { by = "again" }, 200, key: "approved once")));
        await app.Post($"/runs/{id}/signals/approved", new { by = "the board" }, 409);
    }

    [Fact]
    public async Task A_wait_of_a_second_is_over_soon_after_its_time_without_a_slot()
    {
        var id = await app.Queue("How long is a nap?", "napper");

        Assert.Equal("completed", (await app.Finished(id)).GetProperty("status").GetString());

        var stored = await app.Stored(id);
        var took = stored.Single(fact => fact.Data is WaitEnded).Timestamp - stored.Single(fact => fact.Data is WaitStarted).Timestamp;
        Assert.InRange(took, TimeSpan.FromSeconds(0.95), TimeSpan.FromSeconds(4)); // two readings of the database's clock, each some milliseconds off
        Assert.Equal(WaitEnd.Time, ((WaitEnded)stored.Single(fact => fact.Data is WaitEnded).Data).By);
    }

    [Fact]
    public async Task A_wait_until_a_time_ends_then_and_one_until_the_past_at_once()
    {
        var soon = await app.Queue(DateTimeOffset.UtcNow.AddSeconds(2).ToString("O", null), "punctual");
        var past = await app.Queue("2020-01-01T00:00:00Z", "punctual");
        var never = await app.Queue("some other day", "punctual");

        foreach (var id in new[] { soon, past }) Assert.Equal("completed", (await app.Finished(id)).GetProperty("status").GetString());
        Assert.Equal("BadArguments", (await app.Finished(never)).GetProperty("failure").GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Signals_that_come_before_the_run_begins_are_kept_in_order()
    {
        await Paused("gate", async () =>
        {
            var id = await app.Queue("Who is early?", "gate");
            Assert.Equal((id, "open", "kept"), Read(await app.Post($"/runs/{id}/signals/open", "first", 202)));
            Assert.Equal("kept", Read(await app.Post($"/runs/{id}/signals/open", "second", 202)).Outcome);
            Assert.Equal("queued", (await app.Get($"/runs/{id}")).GetProperty("status").GetString());
            return id;
        }, async id => Assert.Equal("first", (await app.Finished(id)).GetProperty("answer").GetString()));
    }

    [Fact]
    public async Task A_wait_whose_time_comes_while_the_run_is_paused_ends_when_it_is_resumed()
    {
        var id = await app.Queue("Who sleeps through it?", "sleeper");
        await app.Until(id, facts => facts[^1] is WaitStarted);
        await app.Post($"/runs/{id}/pause", null, 200);
        await App.Until("the run is settled", () => app.Scalar<bool>("select not exists (select from agents.run_queue where run_id = $1)", id));
        await app.Scalar<Guid>(
            "update agents.run_summary set wait_until = clock_timestamp() - interval '1 s' where run_id = $1 returning run_id", id);

        await app.Post($"/runs/{id}/resume", null, 200);

        Assert.Equal("completed", (await app.Finished(id)).GetProperty("status").GetString());
        Assert.Equal(WaitEnd.Time, Assert.Single((await app.Facts(id)).OfType<WaitEnded>()).By);
    }

    [Fact]
    public async Task A_signal_that_comes_while_the_run_is_paused_ends_its_wait_when_it_is_resumed()
    {
        var id = await Waiting("Who is asked while it rests?", "gate");
        await app.Post($"/runs/{id}/pause", null, 200);

        Assert.Equal("kept", Read(await app.Post($"/runs/{id}/signals/open", null, 202)).Outcome);
        await app.Post($"/runs/{id}/resume", null, 200);

        Assert.Equal("", (await app.Finished(id)).GetProperty("answer").GetString());
    }

    [Fact]
    public async Task The_time_and_the_signal_of_a_wait_end_it_once()
    {
        const string Question = "Which of the two comes first?";
        app.Model.Says(Question, "One of them.");
        var id = await Waiting(Question, "patient");
        var duty = app.Host.Services.GetRequiredService<EndWaits>();

        var signal = Send(id, "approved", "the signal", "text/plain");
        await Task.WhenAll(signal, duty.End(new("default", id, 1), Cancellation), duty.End(new("default", id, 1), Cancellation));

        await app.Finished(id);
        await duty.End(new("default", id, 1), Cancellation);
        var isUsed = (await signal).Status is HttpStatusCode.Accepted && (await signal).Body.GetProperty("outcome").GetString() is "used";
        Assert.Equal(isUsed ? WaitEnd.Signal : WaitEnd.Time, Assert.Single((await app.Facts(id)).OfType<WaitEnded>()).By);
    }

    [Fact]
    public async Task A_run_that_is_cancelled_waits_no_more()
    {
        var id = await Waiting("Who gives up?", "gate");

        await app.Post($"/runs/{id}/cancel", null, 200);

        Assert.False((await app.Get($"/runs/{id}")).TryGetProperty("waiting", out _));
        Assert.Equal("Run is cancelled", (await app.Post($"/runs/{id}/signals/open", null, 409)).GetProperty("title").GetString());
    }

    [Fact]
    public async Task A_fork_of_a_run_that_waits_waits_for_a_signal_of_its_own()
    {
        var origin = await Waiting("Who waits twice?", "gate");

        var fork = (await app.Post($"/runs/{origin}/fork", new { reason = "once more" }, 202)).GetProperty("id").GetGuid();
        await app.Until(fork, facts => facts[^1] is WaitStarted);
        await app.Post($"/runs/{fork}/signals/open", "for the fork", 202);

        Assert.Equal("for the fork", (await app.Finished(fork)).GetProperty("answer").GetString());
        Assert.Equal("running", (await app.Get($"/runs/{origin}")).GetProperty("status").GetString());
        await app.Post($"/runs/{origin}/cancel", null, 200);
    }

    [Fact]
    public async Task A_payload_is_JSON_or_a_text_and_cleaned()
    {
        Assert.Equal("""{"a": [1, 2]}""", await Stored("""  {"a": [1, 2]} """, "application/json"));
        Assert.Equal("yes", await Stored("\"yes\"", "application/json"));
        Assert.Equal("null", await Stored("null", "application/json"));
        Assert.Equal("""{"a":"bc\ufffd"}""", await Stored("""{"a":"b\u0000c\ud800"}""", "application/json"));
        Assert.Equal("yes, do\n", await Stored("yes, \0do\n", "text/plain"));
        Assert.Equal("", await Stored("", "application/json"));
    }

    [Fact]
    public async Task What_is_no_signal_is_refused_in_words()
    {
        var id = await Waiting("Who takes no nonsense?", "gate");
        var none = Guid.CreateVersion7();

        Assert.Equal("Unknown run", (await app.Post($"/runs/{none}/signals/open", null, 404)).GetProperty("title").GetString());
        Assert.Equal("Bad signal", (await app.Post($"/runs/{id}/signals/Open", null, 400)).GetProperty("title").GetString());
        Assert.Equal("Malformed JSON", Title(await Send(id, "open", "{", "application/json"), 400));
        Assert.Equal("Payload too large", Title(await Send(id, "open", new string('a', SignalBounds.PayloadBytes + 1), "text/plain"), 413));
        Assert.Equal("Not UTF-8", Title(await Send(id, "open", new ByteArrayContent([0xC0, 0x80]), "text/plain"), 400));
        Assert.Equal("Two ids", Title(await Send(id, "open?id=a", "yes", "text/plain", key: "b"), 400));
        Assert.Equal("Idempotency-Key too long", Title(await Send(id, $"open?id={new string('a', 201)}", "yes", "text/plain"), 400));
        Assert.DoesNotContain(await app.Facts(id), fact => fact is SignalReceived);

        for (var n = 0; n < SignalBounds.MostKept; n++) Title(await Send(id, $"later?id={n}", "yes", "text/plain"), 202);
        Title(await Send(id, "later?id=0", "yes", "text/plain"), 200);
        Assert.Equal("Too many signals", Title(await Send(id, "later", "yes", "text/plain"), 429));
        Title(await Send(id, "open", new string('a', SignalBounds.PayloadBytes), "text/plain"), 202);
        Assert.Equal(SignalBounds.PayloadBytes, (await app.Finished(id)).GetProperty("answer").GetString()!.Length);
    }

    [Fact]
    public async Task Streams_show_waits_and_signals()
    {
        var id = await Waiting("Who is watched?", "gate");
        await app.Post($"/runs/{id}/signals/open", "so it is", 202);
        await app.Finished(id);
        using var client = app.Client();

        var facts = await client.GetStringAsync($"/runs/{id}/stream", Cancellation);
        foreach (var type in new[] { "wait_started", "signal_received", "wait_ended" })
            Assert.Contains($"event: {type}\n", facts, StringComparison.Ordinal);
        var simple = await client.GetStringAsync($"/runs/{id}/stream?format=simple", Cancellation);
        Assert.Contains("""{"type":"thinking","content":"Waits for signal open."}""", simple, StringComparison.Ordinal);
        Assert.Contains("""{"type":"thinking","content":"Signal open: so it is"}""", simple, StringComparison.Ordinal);
        var timeline = (await app.Get($"/runs/{id}/timeline")).GetProperty("items").EnumerateArray().Select(row => row.GetProperty("type").GetString());
        Assert.Equal(["wait_started", "signal_received", "wait_ended"], timeline.Where(type => type!.Contains("wait", StringComparison.Ordinal) || type.Contains("signal", StringComparison.Ordinal)));

        var response = await client.GetStringAsync($"/v1/responses/resp_{id:N}?stream=true&include[]=agent_steps", Cancellation);
        foreach (var type in new[] { "agent_wait.started", "agent_signal.received", "agent_wait.ended" })
            Assert.Contains($"event: response.{type}\n", response, StringComparison.Ordinal);
        Assert.DoesNotContain("agent_wait", await client.GetStringAsync($"/v1/responses/resp_{id:N}?stream=true", Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_that_waits_is_shown_with_its_kinds_of_steps()
    {
        var steps = (await app.Get("/agents/patient")).GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("kind").GetString());

        Assert.Equal(["wait", "model"], steps);
    }

    /// <summary>The payload as it is stored of a body that ends a wait.</summary>
    async Task<string> Stored(string body, string type)
    {
        var id = await Waiting($"What is {Guid.NewGuid()}?", "gate");
        Title(await Send(id, "open", body, type), 202);
        return (await app.Finished(id)).GetProperty("answer").GetString()!;
    }

    async Task<Guid> Waiting(string question, string agent)
    {
        var id = await app.Queue(question, agent);
        await app.Until(id, facts => facts[^1] is WaitStarted);
        return id;
    }

    /// <summary>While no run of an agent is begun, and afterwards.</summary>
    async Task Paused(string agent, Func<Task<Guid>> meanwhile, Func<Guid, Task> afterwards)
    {
        await app.Host.Scenario(call =>
        {
            call.Put.Json(new { reason = "for a test" }).ToUrl($"/pauses/agent:{agent}");
            call.IgnoreStatusCode();
        });
        Guid id;
        try
        {
            id = await meanwhile();
        }
        finally
        {
            await app.Host.Scenario(call =>
            {
                call.Delete.Url($"/pauses/agent:{agent}");
                call.IgnoreStatusCode();
            });
        }

        await afterwards(id);
    }

    Task<(HttpStatusCode Status, JsonElement Body)> Send(Guid id, string signal, string body, string type, string? key = null) =>
        Send(id, signal, new ByteArrayContent(Encoding.UTF8.GetBytes(body)), type, key);

    async Task<(HttpStatusCode Status, JsonElement Body)> Send(Guid id, string signal, ByteArrayContent body, string type, string? key = null)
    {
        using var client = app.Client();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/runs/{id}/signals/{signal}") { Content = body };
        body.Headers.ContentType = new(type);
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        using var answer = await client.SendAsync(request, Cancellation);
        return (answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>(Cancellation));
    }

    /// <summary>The title of the refusal; null when it is none.</summary>
    static string? Title((HttpStatusCode Status, JsonElement Body) answer, int status)
    {
        Assert.True((int)answer.Status == status, $"{answer}");
        return answer.Body.TryGetProperty("title", out var title) ? title.GetString() : null;
    }

    static (Guid Id, string? Name, string? Outcome) Read(JsonElement sent) =>
        (sent.GetProperty("id").GetGuid(), sent.GetProperty("name").GetString(), sent.GetProperty("outcome").GetString());
}
