using Agents.Host.Api.Evidence;
using Agents.Host.Audit;
using Agents.Host.Engine.Evidence;
using Agents.Host.Postgres;
using Npgsql;

namespace Agents.Host.Tests.Operations;

/// <summary>Each test does to a copy of a sound database what a superuser can, and the evidence says what was done.</summary>
public sealed class EvidenceTests(SoundDatabase sound) : IClassFixture<SoundDatabase>
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Facts_that_nobody_touched_hold_and_a_signed_checkpoint_covers_them()
    {
        var report = await Verify(await sound.Copy());

        Assert.All(report.Invariants, invariant => Assert.Empty(invariant.Shown));
        Assert.True(report.Holds);
        Assert.Equal((5, 1), ((int)report.Invariants[0].Checked, (int)report.Invariants[1].Checked));
    }

    [Theory]
    [InlineData("E1", "{done}", "that is not what was stored", // a byte
        "update agents.mt_events set data = jsonb_set(data, '{question}', '\"Forged?\"') where stream_id = '{done}' and version = 1")]
    [InlineData("E1", "{done}", "has no version 3 any more", "delete from agents.mt_events where stream_id = '{done}' and version = 3")]
    [InlineData("E1", "{done}", "that are not what was stored", // two versions that change places
        "update agents.mt_events set version = -version where stream_id = '{done}' and version in (2, 3); update agents.mt_events set version = 5 + version where stream_id = '{done}' and version < 0")]
    [InlineData("E1", "{done}", "not what was stored", // moved in time
        "update agents.mt_events set timestamp = timestamp - interval '1 day' where stream_id = '{done}'")]
    [InlineData("E1", "{done}", "not what was stored", // a reply, and all that followed from it
        "update agents.mt_events set data = replace(data::text, 'reply', 'forgery')::jsonb where stream_id = '{done}'")]
    [InlineData("E1", "{done}", "not what was stored", // a passage
        "update agents.mt_events set data = jsonb_set(data, '{passages}', '[{\"documentId\":\"d\",\"documentVersion\":1,\"passageId\":\"p\",\"source\":\"s\",\"title\":\"t\",\"text\":\"Forged.\",\"score\":1}]') where stream_id = '{done}' and type = 'passages_retrieved'")]
    [InlineData("E1", "{done}", "were put in without a chain", "{append step_completed}")]
    [InlineData("E2", "{done}", "and has it no more", // a run with all that was made from it
        "delete from agents.evidence where run_id = '{done}'; delete from agents.mt_events where stream_id = '{done}'; delete from agents.mt_streams where id = '{done}'; delete from agents.run_summary where run_id = '{done}'; delete from agents.mt_doc_run where id = '{done}'; delete from agents.timeline where run_id = '{done}'; delete from finance.model_call where run_id = '{done}'")]
    [InlineData("E2", "{done}", "and has it no more", // the end of a run, with its chain
        "delete from agents.evidence where run_id = '{done}' and version > 5; delete from agents.mt_events where stream_id = '{done}' and version > (select max(version) from agents.evidence where run_id = '{done}')")]
    [InlineData("E2", "checkpoint 1", "is not what was signed", "update agents.checkpoint set heads = split_part(heads, E'\\n', 1)")]
    [InlineData("E2", "checkpoint 1", "is not that of the key", "update agents.checkpoint set signature = decode(repeat('00', 64), 'hex')")]
    public async Task What_a_superuser_did_is_found_with_run_and_version(string id, string who, string what, string sql)
    {
        var copy = await sound.Copy();
        await SoundDatabase.Execute(copy, sound.Filled($"set session_replication_role = replica; {sql}"));

        var report = await Verify(copy);

        Assert.Contains(
            report.Invariants.Single(invariant => invariant.Id == id).Shown,
            shown => shown.Contains(sound.Filled(who), StringComparison.Ordinal) && shown.Contains(what, StringComparison.Ordinal));
        Assert.False(report.Holds);
    }

    [Fact]
    public async Task A_checkpoint_that_was_taken_away_is_found_by_its_witness()
    {
        var copy = await sound.Copy();
        await using var database = NpgsqlDataSource.Create(copy);
        await using var command = database.CreateCommand("select number || ' ' || encode(hash, 'hex') || ' ' || key_id from agents.checkpoint");
        var witness = (string)(await command.ExecuteScalarAsync(Cancellation))!;
        await SoundDatabase.Execute(copy, "set session_replication_role = replica; delete from agents.checkpoint");

        Assert.True((await Verify(copy)).Holds); // which is why there are witnesses
        Assert.Contains("checkpoint 1 is missing", Assert.Single((await Verify(copy, witness: [witness])).Invariants[1].Shown), StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_a_restored_database_whose_count_of_transactions_began_anew_all_is_covered_once_more()
    {
        var copy = await sound.Copy();
        await SoundDatabase.Execute(copy, "set session_replication_role = replica; update agents.checkpoint set before_tx = '99999999999'");
        await using var database = NpgsqlDataSource.Create(copy);
        var checkpoints = new EvidenceCheckpoints(database, new() { Key = SigningKey.Parse(SoundDatabase.SigningKey) });

        Assert.Equal(2, await checkpoints.Sign(Cancellation));
        await using var heads = database.CreateCommand("select array_length(string_to_array(heads, E'\n'), 1) from agents.checkpoint where number = 2");
        Assert.Equal(5, await heads.ExecuteScalarAsync(Cancellation));
        Assert.Null(await checkpoints.Sign(Cancellation)); // and not again
    }

    [Fact]
    public async Task Chains_are_counted_by_run_and_those_that_no_checkpoint_covers()
    {
        var copy = await sound.Copy();
        await using var database = NpgsqlDataSource.Create(copy);

        var covered = await GetEvidenceEndpoint.Read(database, "default", Cancellation);
        Assert.Equal((5, 0, 1), (covered.Chains, covered.Uncovered, covered.Checkpoint?.Number));
        await SoundDatabase.Execute(
            copy, "set session_replication_role = replica; update agents.checkpoint set before_tx = (select max(tx) from agents.evidence)");
        Assert.Equal((5, 1), await Counts());
        await SoundDatabase.Execute(copy, "set session_replication_role = replica; delete from agents.checkpoint");
        Assert.Equal((5, 5), await Counts());
        Assert.Equal(0, (await GetEvidenceEndpoint.Read(database, "another", Cancellation)).Chains);

        async Task<(long, long)> Counts()
        {
            var view = await GetEvidenceEndpoint.Read(database, "default", Cancellation);
            return (view.Chains, view.Uncovered);
        }
    }

    [Fact]
    public async Task Many_new_facts_are_covered_by_checkpoint_after_checkpoint()
    {
        var copy = await sound.Copy();
        await SoundDatabase.Execute(copy, "set session_replication_role = replica; delete from agents.checkpoint");
        await using var database = NpgsqlDataSource.Create(copy);
        var checkpoints = new EvidenceCheckpoints(database, new() { Key = SigningKey.Parse(SoundDatabase.SigningKey) }) { MostRows = 3 };

        var signed = 0;
        while (await checkpoints.Sign(Cancellation) is not null) signed++;

        Assert.InRange(signed, 2, int.MaxValue);
        await using var covered = database.CreateCommand(
            """
            select count(*) = 5 from (
              select tenant_id, run_id, max(version) as version from agents.evidence group by tenant_id, run_id) last
            where exists (
              select from agents.checkpoint where position(last.tenant_id || ' ' || last.run_id || ' ' || last.version || ' ' in heads) > 0)
            """);
        Assert.Equal(true, await covered.ExecuteScalarAsync(Cancellation));
        var report = await Verify(copy);
        Assert.True(report.Holds, string.Join('\n', report.Invariants.SelectMany(invariant => invariant.Shown)));
    }

    [Fact]
    public async Task Facts_from_before_there_were_chains_are_chained()
    {
        var copy = await sound.Copy();
        await SoundDatabase.Execute(
            copy, sound.Filled("set session_replication_role = replica; delete from agents.checkpoint; delete from agents.evidence where run_id <> '{done}'"));
        Assert.False((await Verify(copy)).Holds);

        await using (var connection = await NpgsqlDataSource.Create(copy).OpenConnectionAsync(Cancellation))
            await DatabaseSetup.ChainOldFacts(connection, Cancellation);

        var report = await Verify(copy);
        Assert.Equal((true, 5), (report.Holds, (int)report.Invariants[0].Checked));
    }

    [Fact]
    public async Task A_witness_gets_the_checkpoints_that_other_nodes_have_signed_and_those_it_missed()
    {
        await using var database = NpgsqlDataSource.Create(await sound.Copy());
        var file = Path.GetTempFileName();
        var checkpoints = new EvidenceCheckpoints(database, new() { Key = SigningKey.Parse(SoundDatabase.SigningKey), Witness = file });

        await checkpoints.Sign(Cancellation);
        await checkpoints.Sign(Cancellation);

        var lines = await File.ReadAllLinesAsync(file, Cancellation);
        await using var count = database.CreateCommand("select count(*) from agents.checkpoint");
        Assert.Equal(await count.ExecuteScalarAsync(Cancellation), (long)lines.Length);
        Assert.All(lines.Index(), line => Assert.Matches($"^{line.Index + 1} [0-9a-f]{{64}} [0-9a-f]{{16}} [A-Za-z0-9+/=]{{88}}$", line.Item));
        File.Delete(file);
    }

    [Fact]
    public async Task A_key_that_the_auditor_does_not_know_proves_nothing()
    {
        var other = SigningKey.Parse(SigningKey.Create())!;

        var report = await Verify(await sound.Copy(), new Dictionary<string, byte[]> { [other.Id] = other.PublicKey });

        Assert.Contains("which is not known", Assert.Single(report.Invariants[1].Shown), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pack_is_proven_without_the_database_and_each_changed_byte_is_found()
    {
        using var file = new MemoryStream();
        var runs = await EvidencePack.Write(
            await sound.Copy(), [Guid.Parse(sound.Filled("{done}")), Guid.Parse(sound.Filled("{cut}"))], since: null, tenant: null, file, Cancellation);
        var (pack, signer) = (file.ToArray(), SigningKey.Parse(SoundDatabase.SigningKey)!);
        var trusted = new Dictionary<string, byte[]> { [signer.Id] = signer.PublicKey };

        var report = EvidencePack.Check(pack, trusted);

        Assert.Equal(2, runs);
        Assert.All(report.Invariants, invariant => Assert.Empty(invariant.Shown));
        Assert.Equal(["P1", "P2", "P3", "P4"], report.Invariants.Select(invariant => invariant.Id));
        for (var at = 0; at < pack.Length; at += 1 + pack.Length / 200)
        {
            var changed = pack.ToArray();
            changed[at] ^= 1;
            Assert.True(IsRefused(changed), $"Byte {at} was changed, and nothing was found.");
        }

        bool IsRefused(byte[] changed)
        {
            try
            {
                return !EvidencePack.Check(changed, trusted).Holds;
            }
            catch (InvalidDataException)
            {
                return true;
            }
        }
    }

    static async Task<VerificationReport> Verify(
        string connection, IReadOnlyDictionary<string, byte[]>? trusted = null, IReadOnlyList<string>? witness = null) =>
        (await EvidenceCheck.Run(connection, tenant: null, trusted, witness, Cancellation))!;
}
