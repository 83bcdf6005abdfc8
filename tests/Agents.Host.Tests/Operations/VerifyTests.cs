using System.Text.Json;
using Agents.Host.Audit;
using Agents.Host.Cli;

namespace Agents.Host.Tests.Operations;

/// <summary>Each test spoils a copy of a sound database in one way, and the verification says which.</summary>
public sealed class VerifyTests(SoundDatabase sound) : IClassFixture<SoundDatabase>
{
    [Fact]
    public async Task A_database_with_finished_failed_retried_and_unfinished_runs_is_sound()
    {
        var report = await Verify(await sound.Copy(), sound.Ledger);

        Assert.Equal(["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I13", "I14", "I15"], report.Invariants.Select(invariant => invariant.Id));
        Assert.All(report.Invariants, invariant => Assert.Empty(invariant.Shown));
        Assert.True(report.Holds);
        Assert.Equal(5, report.Invariants[0].Checked);
        Assert.Matches(@"^12 answered \+ 2 refused \+ 2 of unknown outcome \+ 0 in flight = 16 requests; 0 ", Named(report, "I6").Note);
        Assert.Matches(@"^0\.\d+ USD$", Named(report, "I5").Note);
    }

    [Theory]
    [InlineData("I1", "is in agents.run_summary and has no facts",
        "delete from agents.mt_events where stream_id = '{done}'; delete from agents.mt_streams where id = '{done}'")]
    [InlineData("I1", "its row in the queue is missing", "delete from agents.run_queue where run_id = '{unfinished}'")]
    [InlineData("I1", "its row in the queue is waiting", "update agents.run_queue set state = 'waiting' where run_id = '{unfinished}'")]
    [InlineData("I1", "does not begin with being queued", "delete from agents.mt_events where stream_id = '{done}' and version = 1")]
    [InlineData("I2", "completed steps 0, 1, 2, 3, 4, 4", "{append step_completed}")]
    [InlineData("I2", "is completed with 4 of 5 steps",
        "delete from agents.mt_events where stream_id = '{done}' and type like 'step_%' and data->>'step' = '4'")]
    [InlineData("I3", "where version 3 should be", "delete from agents.mt_events where stream_id = '{done}' and version = 3")]
    [InlineData("I3", "and its head is version", "update agents.mt_streams set version = version + 1 where id = '{done}'")]
    [InlineData("I3", "facts and no stream",
        "alter table agents.mt_events drop constraint fkey_mt_events_stream_id_tenant_id; delete from agents.mt_streams where id = '{done}'")]
    [InlineData("I4", "has a checkpoint that is wrong in costUsd (99, not 0.0",
        "update agents.mt_doc_run set data = jsonb_set(data, '{costUsd}', '99') where id = '{done}'")]
    [InlineData("I4", "has a checkpoint that is wrong in status (\"Dreaming\", not \"Completed\")",
        "update agents.mt_doc_run set data = jsonb_set(data, '{status}', '\"Dreaming\"') where id = '{done}'")]
    [InlineData("I4", "has no checkpoint", "delete from agents.mt_doc_run where id = '{done}'")]
    [InlineData("I4", "has a summary that is wrong in usage.outputTokens (401, not 400)",
        "update agents.run_summary set output_tokens = output_tokens + 1 where run_id = '{done}'")]
    [InlineData("I4", "has a summary that is wrong in status (\"failed\", not \"completed\")",
        "update agents.run_summary set status = 'failed' where run_id = '{done}'")]
    [InlineData("I4", "(step_dreamt) cannot be read", "update agents.mt_events set type = 'step_dreamt' where stream_id = '{done}' and version = 3")]
    [InlineData("I4", "(tool_call_completed) does not fit",
        "delete from agents.mt_events where stream_id = '{done}' and type = 'tool_call_requested'")]
    [InlineData("I5", "USD by its facts", "update agents.run_summary set cost_usd = cost_usd + 0.0000000001 where run_id = '{done}'")]
    [InlineData(
        "I5", "in finance.daily_cost", "update finance.model_call set cost_usd = cost_usd + 0.0000000001 where run_id = '{done}' and call = 1")]
    [InlineData(
        "I5", "which is no fact", "update finance.model_call set audio_input_tokens = audio_input_tokens + 1 where run_id = '{done}' and call = 1")]
    [InlineData("I5", "in finance.daily_cost", "update finance.model_call set web_searches = web_searches + 1 where run_id = '{done}' and call = 1")]
    [InlineData("I5", "finance.model_call lacks", "delete from finance.model_call where run_id = '{cut}' and status = 'unknown'")]
    [InlineData("I5", "which is no fact", "update finance.model_call set day = day - 1 where run_id = '{done}' and call = 1")]
    [InlineData("I5", "which is no fact", "update finance.model_call set high_usd = high_usd * 2 where run_id = '{cut}' and status = 'unknown'")]
    [InlineData("I7", "of 0.000001 USD spent",
        "update agents.mt_events set data = jsonb_set(data, '{budgetUsd}', '0.000001') where stream_id = '{done}' and version = 1")]
    [InlineData("I7", "which should be attempt 1 of call 1 settled in tenant default total",
        "update finance.reservation set charged_usd = charged_usd + 0.0000000001 where run_id = '{done}' and call = 1")]
    [InlineData("I7", "which never began", "update finance.reservation set attempt = 9 where run_id = '{done}' and call = 1")]
    [InlineData("I7", "its reservations say", "update finance.budget_period set spent_usd = spent_usd + 0.0000000001, ceiling_usd = ceiling_usd + 1")]
    [InlineData("I7", "USD spent and reserved of 0",
        "alter table finance.budget_period drop constraint budget_never_exceeded; update finance.budget_period set ceiling_usd = 0")]
    [InlineData("I8", "which is no such fact", "update agents.timeline set version = 999 where run_id = '{done}' and version = 1")]
    [InlineData(
        "I8", "shows version 2 2 times",
        "alter table agents.timeline drop constraint timeline_pkey; insert into agents.timeline select * from agents.timeline where run_id = '{done}' and version = 2")]
    [InlineData("I8", "is not there and has a timeline", "update agents.timeline set run_id = gen_random_uuid() where run_id = '{done}'")]
    [InlineData(
        "I9", "018f0000-0000-7000-8000-000000000000 (CallModel, incoming) has been waiting for",
        "{node}; insert into wolverine.wolverine_incoming_envelopes (id, status, owner_id, attempts, body, message_type, received_at) values ('018f0000-0000-7000-8000-000000000000', 'Incoming', 0, 0, '', 'CallModel', 'local://x/')")]
    [InlineData(
        "I9", "018f0000-0000-7000-8000-000000000000 (CallModel, outgoing) has been waiting for",
        "{node}; insert into wolverine.wolverine_outgoing_envelopes (id, owner_id, destination, body, attempts, message_type) values ('018f0000-0000-7000-8000-000000000000', 0, 'local://x/', '', 0, 'CallModel')")]
    [InlineData(
        "I9", "was given up: Boom: It broke.",
        "insert into wolverine.wolverine_dead_letters (id, body, message_type, received_at, exception_type, exception_message, replayable) values (gen_random_uuid(), '', 'CallModel', 'local://x/', 'Boom', 'It broke.', false)")]
    [InlineData("I13", "and web1-1-abcdef is gone",
        "{node}; update agents.run_queue set node = 'web1-1-abcdef'; update agents.mt_streams set timestamp = timestamp - interval '61 s'")]
    [InlineData("I13", "and no node has it",
        "{node}; update agents.run_queue set node = null; update agents.mt_streams set timestamp = timestamp - interval '61 s'")]
    [InlineData("I14", "the rules decide step_completed",
        "update agents.mt_events set data = jsonb_set(data, '{output}', '\"Forged.\"') where stream_id = '{done}' and type = 'step_completed' and data->>'step' = '0'")]
    [InlineData("I14", "at version", "update agents.mt_events set data = jsonb_set(data, '{reply,text}', '\"Forged.\"') where stream_id = '{done}' and type = 'model_call_completed' and data->>'call' = '1'")]
    [InlineData("I15", "for attempt 1 of call 2",
        "update agents.mt_events set data = jsonb_set(data, '{passages}', '[{\"documentId\":\"d\",\"documentVersion\":1,\"passageId\":\"p\",\"source\":\"s\",\"title\":\"t\",\"text\":\"Forged.\",\"score\":1}]') where stream_id = '{done}' and type = 'passages_retrieved'")]
    public async Task What_was_spoilt_is_found_and_named(string id, string violation, string sql)
    {
        var copy = await sound.Copy();
        await SoundDatabase.Execute(copy, sound.Filled(sql));

        var report = await Verify(copy, sound.Ledger);

        Assert.Contains(Named(report, id).Shown, shown => shown.Contains(violation, StringComparison.Ordinal));
        Assert.False(report.Holds);
    }

    [Theory]
    [InlineData("has a reply to attempt 1 of call 2, which the provider never got", "{done}/2/1", "")]
    [InlineData("sent attempt 1 of call 2 2 times", "", "{done}/2/1")]
    [InlineData("sent attempt 9 of call 2 without an intent", "", "{done}/2/9")]
    [InlineData(
        "run 018f0000-0000-7000-8000-000000000000 is not there, and sent attempt 1 of call 1", "", "018f0000-0000-7000-8000-000000000000/1/1")]
    [InlineData("line 17 of the ledger has no id of a request", "", "somebody else's")]
    public async Task What_the_provider_got_and_the_facts_do_not_say_is_found_and_named(string violation, string without, string with)
    {
        var lines = (await File.ReadAllLinesAsync(sound.Ledger))
            .Where(line => without.Length == 0 || !line.Contains(sound.Filled(without), StringComparison.Ordinal)).ToList();
        if (with.Length > 0) lines.Add(JsonSerializer.Serialize(new { ClientRequestId = sound.Filled(with) }));
        var ledger = Path.GetTempFileName();
        await File.WriteAllLinesAsync(ledger, lines);

        var report = await Verify(await sound.Copy(), ledger);

        File.Delete(ledger);
        Assert.Contains(Named(report, "I6").Shown, shown => shown.Contains(violation, StringComparison.Ordinal));
        Assert.All(report.Invariants.Where(invariant => invariant.Id != "I6"), invariant => Assert.Empty(invariant.Shown));
    }

    [Fact]
    public async Task At_most_twenty_violations_are_shown_and_all_are_counted()
    {
        var copy = await sound.Copy();
        await SoundDatabase.Execute(
            copy,
            "insert into agents.timeline (tenant_id, run_id, version, at, type) select 'default', gen_random_uuid(), 1, now(), 'run_queued' from generate_series(1, 30)");

        var timeline = Named(await Verify(copy, ledger: null), "I8");

        Assert.Equal((30, 20), (timeline.Violations, timeline.Shown.Count));
    }

    [Fact]
    public async Task The_verb_prints_what_holds_and_its_exit_code_says_whether_all_does()
    {
        var copy = await sound.Copy();
        var holds = await Run(copy, "--ledger", sound.Ledger);
        Assert.Equal(ExitCodes.Ok, holds.ExitCode);
        Assert.Matches(@"(?m)^ok    I5   The money .* \(5 checked; 0\.\d+ USD\)$", holds.Output);

        await SoundDatabase.Execute(copy, sound.Filled("delete from agents.mt_events where stream_id = '{done}' and version = 3"));
        var fails = await Run(copy);
        Assert.Equal(ExitCodes.Failed, fails.ExitCode);
        Assert.Matches(@"(?m)^fail  I3   The versions .* \(5 checked, 1 violation\)$", fails.Output);
        Assert.Contains(sound.Filled("run {done} has version 4"), fails.Output, StringComparison.Ordinal);

        var json = JsonSerializer.Deserialize<JsonElement>((await Run(copy, "--json")).Output);
        Assert.False(json.GetProperty("holds").GetBoolean());
        Assert.Equal(1, json.GetProperty("items").EnumerateArray().Single(item =>
            item.GetProperty("id").GetString() == "I3").GetProperty("violations").GetInt64());
        Assert.Equal(ExitCodes.Ok, (await Run(copy, "--tenant", "somebody")).ExitCode);
    }

    [Fact]
    public async Task Without_a_database_there_is_nothing_to_verify()
    {
        Assert.Equal(ExitCodes.Unreachable, (await Run("Host=127.0.0.1;Port=1;Username=nobody;Database=nothing")).ExitCode);
        Assert.Equal(ExitCodes.NothingFound, (await Run(await TestDatabase.Create("empty"))).ExitCode);
        Assert.Equal(ExitCodes.Usage, (await Run(await sound.Copy(), "--ledger", "/nowhere/ledger.jsonl")).ExitCode);
    }

    static async Task<VerificationReport> Verify(string connection, string? ledger) =>
        (await Verification.Run(connection, ledger, tenant: null, CancellationToken.None))!;

    static Invariant Named(VerificationReport report, string id) => report.Invariants.Single(invariant => invariant.Id == id);

    static async Task<(int ExitCode, string Output)> Run(string connection, params string[] options)
    {
        var output = new StringWriter();
        var exitCode = await CommandLine.Run(["verify", .. options], output, TextWriter.Null, $"--ConnectionStrings:agents={connection}");
        return (exitCode, output.ToString().ReplaceLineEndings("\n"));
    }
}
