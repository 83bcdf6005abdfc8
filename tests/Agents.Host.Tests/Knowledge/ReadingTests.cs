using System.Collections;
using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Reflection;
using System.Text;
using Agents.Host.Knowledge;
using Agents.Host.Knowledge.Reading;

namespace Agents.Host.Tests.Knowledge;

/// <summary>Documents are read in a process of their own, within limits.</summary>
public sealed class ReadingTests : KnowledgeTest
{
    const string Harmless = "The pump needs oil.";

    /// <summary>Takes its parser much longer than the limit, and little memory.</summary>
    const string Endless = "links.md";

    [Theory]
    [InlineData("formatting.html", "it has more than 500000 elements")]
    [InlineData("nested-div.html", "nested deeper than 512 levels")]
    [InlineData("elements.html", "it has more than 500000 elements")]
    [InlineData("inflating.pdf", "it expands to more than 67108864 bytes")]
    [InlineData("inflating-twice.pdf", "it expands to more than 67108864 bytes")]
    [InlineData("run-length.pdf", "it expands to more than 67108864 bytes")]
    public async Task What_is_made_to_do_harm_is_refused_while_it_is_read(string name, string reason)
    {
        using var readers = new DocumentReaders(new KnowledgeLimits { ReadingSeconds = 60 }); // a busy machine is no reason
        var ingest = new Ingest(Database, Limits with { DocumentBytes = 10_000_000 }, readers);

        var document = await ingest.Document(Ada, name, null, HostileDocuments.All[name]);

        Assert.Equal((IngestOutcome.Skipped, reason), (document.Outcome, document.Reason));
        Assert.Equal(IngestOutcome.Added, (await Add(Ada, "pump.md", Harmless)).Outcome);
    }

    [Fact]
    public async Task What_takes_longer_than_it_may_is_ended_and_the_next_document_is_read()
    {
        using var readers = new DocumentReaders(new KnowledgeLimits { ReadingSeconds = 4 });
        var ingest = new Ingest(Database, Limits with { DocumentBytes = 10_000_000 }, readers);

        var slow = await ingest.Document(Ada, Endless, null, HostileDocuments.All[Endless]);
        var next = await ingest.Document(Ada, "pump.md", null, Encoding.UTF8.GetBytes(Harmless));

        Assert.Equal((IngestOutcome.Skipped, "reading it takes longer than 4 s"), (slow.Outcome, slow.Reason));
        Assert.Equal(IngestOutcome.Added, next.Outcome);
    }

    [Fact]
    public async Task What_takes_more_memory_than_it_may_is_refused_and_the_next_document_is_read()
    {
        // The heap of a process that has read nothing is smaller than this; a page of half a million elements is not.
        using var readers = new DocumentReaders(new KnowledgeLimits { ReaderBytes = 48 * 1024 * 1024, Nodes = int.MaxValue });
        var ingest = new Ingest(Database, Limits with { DocumentBytes = 10_000_000 }, readers);

        var large = await ingest.Document(Ada, "elements.html", null, HostileDocuments.All["elements.html"]);
        var next = await ingest.Document(Ada, "pump.md", null, Encoding.UTF8.GetBytes(Harmless));

        Assert.Equal(IngestOutcome.Skipped, large.Outcome);
        Assert.Matches("memory", large.Reason);
        Assert.Equal(IngestOutcome.Added, next.Outcome);
    }

    [Fact]
    public async Task Reading_ends_with_the_request()
    {
        using var readers = new DocumentReaders(new KnowledgeLimits());
        var ingest = new Ingest(Database, Limits with { DocumentBytes = 10_000_000 }, readers);
        var content = HostileDocuments.All[Endless];
        using var request = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        var took = Stopwatch.StartNew();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ingest.Document(Ada, Endless, null, content, ct: request.Token));

        Assert.InRange(took.Elapsed.TotalSeconds, 0.9, 5);
        Assert.Equal(0, await Count("select count(*) from agents.document"));
    }

    [Fact]
    public async Task A_tenant_that_waits_keeps_no_other_from_reading()
    {
        using var readers = new DocumentReaders(new KnowledgeLimits { ReadingSeconds = 6 });
        var ingest = new Ingest(Database, Limits with { DocumentBytes = 10_000_000 }, readers);
        var slow = Enumerable.Range(0, 3).Select(at => ingest.Document(Ada, $"{at}.md", null, HostileDocuments.All[Endless])).ToList();
        var took = Stopwatch.StartNew();

        var quick = await ingest.Document(Bob, "pump.md", null, Encoding.UTF8.GetBytes(Harmless));
        var quickTook = took.Elapsed;
        var outcomes = await Task.WhenAll(slow);

        Assert.Equal(IngestOutcome.Added, quick.Outcome);
        Assert.True(quickTook < took.Elapsed / 2, $"It took {quickTook}, and the others {took.Elapsed}."); // it waited for one of them at most
        Assert.All(outcomes, outcome => Assert.Equal("reading it takes longer than 6 s", outcome.Reason));
        Assert.InRange(took.Elapsed.TotalSeconds, 18, 90); // one after the other
    }

    [Fact]
    public async Task A_node_reads_two_documents_at_a_time()
    {
        using var readers = new DocumentReaders(new KnowledgeLimits { ReadingSeconds = 2 });
        var ingest = new Ingest(Database, Limits, readers);
        var content = HostileDocuments.All[Endless];
        var took = Stopwatch.StartNew();

        var ends = await Task.WhenAll(new[] { Ada, Bob, "cy", "dan" }.Select(async tenant =>
        {
            await ingest.Document(tenant, Endless, null, content);
            return took.Elapsed.TotalSeconds;
        }));

        Assert.Equal(2, ends.Count(end => end < 4)); // the others began when these had ended
        Assert.InRange(ends.Max(), 4, 20);
    }

    [Fact]
    public async Task Text_that_is_far_longer_than_the_file_is_refused()
    {
        var form = "BT /F1 12 Tf " + HostileDocuments.Many(12_000, _ => "1 0 0 1 50 700 Tm (harm is done harm is done harm) Tj ") + "ET";
        var compressed = new MemoryStream();
        await using (var deflate = new ZLibStream(compressed, CompressionLevel.SmallestSize, leaveOpen: true))
            await deflate.WriteAsync(Encoding.ASCII.GetBytes(form));

        var document = await Ingest.Document(Ada, "dense.pdf", null, HostileDocuments.Pdf(compressed.ToArray(), "/FlateDecode"));

        Assert.Equal(IngestOutcome.Skipped, document.Outcome);
        Assert.Matches("^the text is longer than [1-3]\\d{5} characters$", document.Reason);
    }

    [Fact]
    public async Task A_process_that_dies_before_it_reads_a_document_is_no_fault_of_that_one()
    {
        if (OperatingSystem.IsWindows()) return;

        using var readers = new DocumentReaders(new KnowledgeLimits());
        var ingest = new Ingest(Database, Limits, readers);
        await ingest.Document(Ada, "first.md", null, Encoding.UTF8.GetBytes(Harmless));
        var kept = Assert.Single(IdleOf(readers));
        Signal(kept, "STOP"); // it is sent the document, and reads nothing of it
        var reading = ingest.Document(Ada, "large.txt", null, Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Repeat(Harmless, 10_000))));
        await App.Until("it is sent the document", () => Task.FromResult(IdleOf(readers).Count == 0));

        Signal(kept, "KILL");
        var document = await reading;

        Assert.Equal((IngestOutcome.Added, null), (document.Outcome, document.Reason));
        Assert.NotEqual(kept, Assert.Single(IdleOf(readers)));
    }

    [Fact]
    public async Task SIGTERM_to_all_processes_of_a_service_ends_none_that_reads()
    {
        if (OperatingSystem.IsWindows()) return;

        using var readers = new DocumentReaders(new KnowledgeLimits());
        var ingest = new Ingest(Database, Limits, readers);
        await ingest.Document(Ada, "first.md", null, Encoding.UTF8.GetBytes(Harmless));
        var kept = Assert.Single(IdleOf(readers));

        Signal(kept, "TERM");
        await Task.Delay(TimeSpan.FromSeconds(1)); // a process that heeds it is gone after a tenth of that

        Assert.Equal(IngestOutcome.Added, (await ingest.Document(Ada, "next.md", null, Encoding.UTF8.GetBytes(Harmless))).Outcome);
        Assert.Equal(kept, Assert.Single(IdleOf(readers)));
    }

    [Fact]
    public async Task A_process_that_does_not_start_is_said_so_and_keeps_no_place()
    {
        using var readers = new DocumentReaders(new KnowledgeLimits { ReaderBytes = 4096 }); // the runtime needs more to begin
        var ingest = new Ingest(Database, Limits, readers);

        for (var time = 0; time <= new KnowledgeLimits().Readers; time++)
        {
            var refused = await Assert.ThrowsAsync<InvalidOperationException>(
                () => ingest.Document(Ada, "pump.md", null, Encoding.UTF8.GetBytes(Harmless)));
            Assert.Equal("The process that reads documents does not start.", refused.Message);
        }

        Assert.Equal(0, await Count("select count(*) from agents.document"));
    }

    [Fact]
    public async Task Many_small_documents_are_read_by_the_same_process()
    {
        await Add(Ada, "first.md", Harmless);
        var took = Stopwatch.StartNew();

        for (var at = 0; at < 40; at++) await Add(Ada, $"{at}.md", $"Pump number {at} needs oil.");

        Assert.InRange(took.Elapsed.TotalSeconds, 0, 6); // a process for each would take twice as long at least
    }

    /// <summary>The ids of the processes that are kept for the next document.</summary>
    static List<int> IdleOf(DocumentReaders readers)
    {
        var idle = (IEnumerable)Field(readers, "idle");
        lock (idle) return [.. idle.Cast<object>().Select(reader => ((Process)Field(reader, "process")).Id)];
    }

    static object Field(object holder, string name) =>
        holder.GetType().GetField(name, BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(holder)!;

    static void Signal(int process, string signal)
    {
        using var sent = Process.Start("kill", [$"-{signal}", process.ToString(CultureInfo.InvariantCulture)])!;
        sent.WaitForExit();
        Assert.Equal(0, sent.ExitCode);
    }
}
