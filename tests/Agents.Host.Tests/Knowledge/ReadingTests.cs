using System.Diagnostics;
using System.IO.Compression;
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
        using var readers = new DocumentReaders(new KnowledgeLimits { ReadingSeconds = 3 });
        var ingest = new Ingest(Database, Limits with { DocumentBytes = 10_000_000 }, readers);
        var slow = Enumerable.Range(0, 3).Select(at => ingest.Document(Ada, $"{at}.md", null, HostileDocuments.All[Endless])).ToList();
        var took = Stopwatch.StartNew();

        var quick = await ingest.Document(Bob, "pump.md", null, Encoding.UTF8.GetBytes(Harmless));
        var quickTook = took.Elapsed;
        var outcomes = await Task.WhenAll(slow);

        Assert.Equal(IngestOutcome.Added, quick.Outcome);
        Assert.InRange(quickTook.TotalSeconds, 0, 3);
        Assert.All(outcomes, outcome => Assert.Equal("reading it takes longer than 3 s", outcome.Reason));
        Assert.InRange(took.Elapsed.TotalSeconds, 9, 30); // one after the other
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
    public async Task Many_small_documents_are_read_by_the_same_process()
    {
        await Add(Ada, "first.md", Harmless);
        var took = Stopwatch.StartNew();

        for (var at = 0; at < 40; at++) await Add(Ada, $"{at}.md", $"Pump number {at} needs oil.");

        Assert.InRange(took.Elapsed.TotalSeconds, 0, 6); // a process for each would take twice as long at least
    }
}
