using System.Text;
using Agents.Host.Knowledge;

namespace Agents.Host.Tests.Knowledge;

public sealed class IngestTests : KnowledgeTest
{
    [Fact]
    public async Task The_same_file_twice_makes_no_new_version()
    {
        var path = Write("pump.md", "# Pump\n\nThe pump needs oil.");
        var first = Assert.Single((await Ingest.File(Ada, path)).Documents);

        var second = Assert.Single((await Ingest.File(Ada, path)).Documents);

        Assert.Equal((IngestOutcome.Added, 1, 1), (first.Outcome, first.Version, first.Passages));
        Assert.Equal((IngestOutcome.Unchanged, 1, first.DocumentId), (second.Outcome, second.Version, second.DocumentId));
        Assert.Equal(1, await Count("select count(*) from agents.passage"));
    }

    [Fact]
    public async Task Only_the_latest_version_is_searched_and_older_passages_still_resolve()
    {
        await Add(Ada, "pump.md", "# Pump\n\nThe pump needs whale oil.");
        var old = Assert.Single(await Index.Search(Ada, "whale", 5));

        var changed = await Add(Ada, "pump.md", "# Pump\n\nThe pump needs rapeseed oil.");

        Assert.Equal((IngestOutcome.NewVersion, 2), (changed.Outcome, changed.Version));
        Assert.DoesNotContain(await Index.Search(Ada, "whale oil", 5), passage => passage.DocumentVersion == 1);
        Assert.Equal($"{changed.DocumentId}/2/1", Assert.Single(await Index.Search(Ada, "rapeseed", 5)).PassageId);
        Assert.Equal("The pump needs whale oil.", (await Documents.Passage(Ada, old.PassageId))!.Text);
        Assert.Equal([2, 1], (await Documents.Get(Ada, changed.DocumentId!))!.Versions.Select(version => version.Number));
    }

    [Fact]
    public async Task A_deleted_document_is_not_found_but_its_citations_resolve_and_it_may_come_back()
    {
        var added = await Add(Ada, "pump.md", "The pump needs oil.");
        var cited = Assert.Single(await Index.Search(Ada, "pump", 5));

        Assert.True(await Documents.Delete(Ada, added.DocumentId!));
        Assert.False(await Documents.Delete(Ada, added.DocumentId!));

        Assert.Empty(await Index.Search(Ada, "pump", 5));
        Assert.Empty((await Documents.List(Ada)).Items);
        Assert.NotNull((await Documents.Get(Ada, added.DocumentId!))!.DeletedAt);
        Assert.Equal("The pump needs oil.", (await Documents.Passage(Ada, cited.PassageId))!.Text);

        Assert.Equal(IngestOutcome.Added, (await Add(Ada, "pump.md", "The pump needs oil.")).Outcome);
        Assert.Single(await Index.Search(Ada, "pump", 5));
    }

    [Fact]
    public async Task What_belongs_to_a_tenant_does_not_exist_for_another()
    {
        var added = await Add(Ada, "pump.md", "The pump needs oil.");
        var passage = Assert.Single(await Index.Search(Ada, "pump oil", 5));
        await Add(Bob, "pump.md", "A different text about valves.");

        Assert.DoesNotContain(await Index.Search(Bob, "pump oil", 5), found => found.Text.Contains("oil", StringComparison.Ordinal));
        Assert.Null(await Documents.Get(Bob, added.DocumentId!));
        Assert.Null(await Documents.Passage(Bob, passage.PassageId));
        Assert.False(await Documents.Delete(Bob, added.DocumentId!));
        Assert.NotEqual(added.DocumentId, Assert.Single((await Documents.List(Bob)).Items).Id);
        Assert.Single(await Index.Search(Ada, "pump oil", 5));
    }

    [Fact]
    public async Task A_folder_is_read_with_its_labels_and_what_cannot_be_read_is_named()
    {
        Write("a/one.md", "# One\n\nFirst text.");
        Write("two.txt", "Second text.");
        Write("empty.md", "");
        Write("picture.md", [0x89, 0x50, 0x4E, 0x47, 1, 2, 3]);
        Write("noise.bin", [.. Enumerable.Range(0, 4000).Select(at => (byte)(at * 37 % 32))]);
        Write("huge.txt", new string('x', 10_000_001));
        Write(".git/secret.md", "hidden");
        Write("damaged.pdf", "%PDF-1.7 but not really");

        var told = new List<IngestedDocument>();
        var result = await Ingest.Folder(Ada, Folder, new Told(told));

        Assert.Equal(["a/one.md", "damaged.pdf", "empty.md", "huge.txt", "noise.bin", "picture.md", "two.txt"],
            result.Documents.Select(document => document.Source));
        Assert.Equal(result.Documents, told);
        Assert.Equal((2, 5, 2), (result.Count(IngestOutcome.Added), result.Count(IngestOutcome.Skipped), result.Passages()));
        Assert.Equal("larger than 10000000 bytes", Reason("huge.txt"));
        Assert.Equal("empty", Reason("empty.md"));
        Assert.Contains("PNG", Reason("picture.md"), StringComparison.Ordinal);
        Assert.Equal("binary, not text", Reason("noise.bin"));
        Assert.StartsWith("damaged", Reason("damaged.pdf"), StringComparison.Ordinal);
        Assert.Equal(2, await Count("select count(*) from agents.document"));

        string? Reason(string source) => result.Documents.Single(document => document.Source == source).Reason;
    }

    [Fact]
    public async Task A_link_out_of_the_folder_is_not_followed()
    {
        var outside = Directory.CreateTempSubdirectory("agents-outside-");
        try
        {
            File.WriteAllText(Path.Combine(outside.FullName, "secret.md"), "The secret word is swordfish.");
            Write("inside.md", "Harmless text.");
            File.CreateSymbolicLink(Path.Combine(Folder, "file.md"), Path.Combine(outside.FullName, "secret.md"));
            Directory.CreateSymbolicLink(Path.Combine(Folder, "folder"), outside.FullName);
            Directory.CreateSymbolicLink(Path.Combine(Folder, "ring"), Folder);
            File.CreateSymbolicLink(Path.Combine(Folder, "same.md"), "inside.md");

            var result = await Ingest.Folder(Ada, Folder);

            var added = result.Documents.Where(document => document.Outcome == IngestOutcome.Added);
            Assert.Equal(["inside.md", "same.md"], added.Select(document => document.Source));
            Assert.Empty(await Index.Search(Ada, "swordfish", 5));
        }
        finally
        {
            outside.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_document_of_any_characters_is_stored_and_can_be_searched_for(int seed)
    {
        var random = new Random(seed);
        var anything = string.Concat(Enumerable.Range(0, 30_000).Select(_ => random.Next(8) == 0 ? " " : char.ConvertFromUtf32(Scalar(random))));

        var added = await Add(Ada, "any\u0301 \u0301\u0302.txt", anything);
        foreach (var start in Enumerable.Range(0, 20)) await Index.Search(Ada, anything.Substring(start * 100, 400), 5);

        Assert.Equal((IngestOutcome.Added, null), (added.Outcome, added.Reason));
        Assert.Empty(await Index.Search(Ada, "\u0301 \u0301\u0302 \u0640", 5));

        static int Scalar(Random random) => random.Next(2) == 0 ? random.Next(0x21, 0x3000) : random.Next(10) == 0 ? random.Next(0x10000, 0x20000) : random.Next(0x3000, 0xD800);
    }

    [Fact]
    public async Task A_pipe_is_skipped_and_a_link_to_itself_too()
    {
        if (OperatingSystem.IsWindows()) return;

        const string NoFile = "a link that does not lead to a file";
        Write("text.md", "A text.");
        using (var made = System.Diagnostics.Process.Start("mkfifo", [Path.Combine(Folder, "pipe.md")])) await made.WaitForExitAsync();
        File.CreateSymbolicLink(Path.Combine(Folder, "self.md"), "self.md");
        File.CreateSymbolicLink(Path.Combine(Folder, "there.md"), "back.md");
        File.CreateSymbolicLink(Path.Combine(Folder, "back.md"), "there.md");
        File.CreateSymbolicLink(Path.Combine(Folder, "to-pipe.md"), "pipe.md");

        var result = await Ingest.Folder(Ada, Folder).WaitAsync(TimeSpan.FromSeconds(20));
        var alone = await Ingest.File(Ada, Path.Combine(Folder, "pipe.md")).WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(
            [
                ("back.md", NoFile), ("pipe.md", "not a regular file"), ("self.md", NoFile), ("text.md", null), ("there.md", NoFile),
                ("to-pipe.md", "not a regular file"),
            ],
            result.Documents.Select(document => (document.Source, document.Reason)));
        Assert.Equal("not a regular file", Assert.Single(alone.Documents).Reason);
    }

    [Fact]
    public async Task A_name_that_is_no_UTF_8_is_named_as_skipped()
    {
        if (!OperatingSystem.IsLinux()) return;

        Write("text.md", "A text.");
        // Two names with the byte E9, é in Latin-1: a file and a folder.
        var script = $"cd '{Folder}'; f=$(printf 'caf\\351.md'); d=$(printf 'd\\351p'); echo text > \"$f\"; mkdir \"$d\"; echo text > \"$d/in.md\"";
        using (var made = System.Diagnostics.Process.Start("sh", ["-c", script])) await made.WaitForExitAsync();

        var result = await Ingest.Folder(Ada, Folder);
        using (var removed = System.Diagnostics.Process.Start("sh", ["-c", $"rm -r '{Folder}'/*"])) await removed.WaitForExitAsync(); // .NET cannot

        Assert.Equal(["its name is not UTF-8", "its name is not UTF-8"],
            result.Documents.Where(document => document.Outcome == IngestOutcome.Skipped).Select(document => document.Reason));
        Assert.Equal("text.md", Assert.Single(result.Documents, document => document.Outcome == IngestOutcome.Added).Source);
    }

    [Fact]
    public async Task Hidden_characters_never_reach_the_store()
    {
        await Add(Ada, "bad\0name\u202E.md", "# Ti\u200Btle\n\nSome\0thing \u202Ereversed\u202C and \U000E0041\U000E0042tagged text.");

        var passage = Assert.Single(await Index.Search(Ada, "something tagged", 5));

        Assert.Equal(("badname.md", "Title", "Something reversed and tagged text."), (passage.Source, passage.Title, passage.Text));
    }

    [Fact]
    public async Task One_source_offered_many_times_at_once_gives_each_content_one_version()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(at => Add(Ada, "pump.md", $"Text number {at % 2}.")));

        var document = Assert.Single((await Documents.List(Ada)).Items);
        var versions = (await Documents.Get(Ada, document.Id))!.Versions;
        Assert.Equal(Enumerable.Range(1, versions.Count).Reverse(), versions.Select(version => version.Number));
        Assert.Equal(1, await Count("select count(*) from agents.passage where words is not null"));
    }

    [Fact]
    public async Task Documents_are_listed_a_page_at_a_time()
    {
        foreach (var name in new[] { "c", "a", "b" }) await Add(Ada, name, $"Text of {name}.");

        var first = await Documents.List(Ada, limit: 2);
        var second = await Documents.List(Ada, first.Next, limit: 2);

        Assert.Equal(["a", "b"], first.Items.Select(document => document.Source));
        Assert.Equal("c", Assert.Single(second.Items).Source);
        Assert.Null(second.Next);
    }

    [Fact]
    public async Task A_stream_longer_than_a_document_may_be_is_not_read_to_its_end()
    {
        var document = await Ingest.Document(Ada, "endless", "text/plain", new Endless());

        Assert.Equal((IngestOutcome.Skipped, "larger than 10000000 bytes"), (document.Outcome, document.Reason));
    }

    sealed class Told(List<IngestedDocument> told) : IProgress<IngestedDocument>
    {
        public void Report(IngestedDocument value) => told.Add(value);
    }

    sealed class Endless : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Encoding.ASCII.GetBytes("a").CopyTo(buffer);
            return ValueTask.FromResult(buffer.Length);
        }
    }
}
