using System.Text.Json;
using Agents.Domain.Runs;
using Alba;

namespace Agents.Host.Tests.Runs;

/// <summary>Documents that were wrong, and what rests on them.</summary>
public sealed class RecallTests(Branches branches) : IClassFixture<Branches>
{
    const string Wrong = "# Visa\n\n## Price\n\nA visa for travellers costs eighty euros at the counter.\n";
    const string Right = "# Visa\n\n## Price\n\nA visa for travellers costs ninety euros at the counter.\n";

    readonly App app = branches.App;

    [Fact]
    public async Task A_recall_finds_exactly_the_answers_that_cite_the_version_and_asks_them_again()
    {
        var document = (await Read("visa.md", Wrong)).GetProperty("documentId").GetString()!;
        var wrong = await Ask("visa.md", 30);
        await Read("visa.md", Right);
        await Ask("visa.md", 85);
        await Ask("handbook.md", 85);
        Assert.Equal(200L, await app.Scalar<long>(
            "select count(*) from agents.run_summary where status = 'completed' and metadata ->> 'sources' in ('visa.md', 'handbook.md')"));

        var recalled = await app.Post($"/documents/{document}/recall", new { version = 1, reason = "The price is wrong." }, 200);
        Assert.Equal(("visa.md", "The price is wrong.", true), (recalled.GetProperty("source").GetString(), recalled.GetProperty("reason").GetString(),
            recalled.GetProperty("isNew").GetBoolean()));
        Assert.False((await app.Post($"/documents/{document}/recall", new { version = 1 }, 200)).GetProperty("isNew").GetBoolean());
        var affected = await Affected(document, 1);
        Assert.Equal(wrong.Order(), affected.Select(answer => answer.GetProperty("run").GetGuid()).Order());
        Assert.All(affected, answer => Assert.Equal([1], answer.GetProperty("versions").EnumerateArray().Select(version => version.GetInt32())));
        Assert.Equal(115, (await Affected(document, null)).Count);

        var asked = await app.Post($"/documents/{document}/ask-again", new { version = 1, budgetUsd = 5 }, 202);
        Assert.Equal((30, 5m, 0m, false), (asked.GetProperty("runs").GetInt32(), asked.GetProperty("budgetUsd").GetDecimal(),
            asked.GetProperty("newSpendUsd").GetDecimal(), asked.GetProperty("hasMore").GetBoolean()));
        var url = asked.GetProperty("url").GetString()!;
        await App.Until("all were asked again", async () => (await app.Get(url)).GetProperty("isFinished").GetBoolean());

        var pairs = (await app.Get($"{url}/pairs?limit=200")).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(wrong.Order(), pairs.Select(pair => pair.GetProperty("origin").GetGuid()).Order());
        Assert.All(pairs, pair =>
        {
            var difference = pair.GetProperty("difference");
            Assert.Contains("eighty", Text(difference.GetProperty("onlyInFirst")), StringComparison.Ordinal);
            Assert.Contains("ninety", Text(difference.GetProperty("onlyInSecond")), StringComparison.Ordinal);
            Assert.Equal($"{document}/1/1", difference.GetProperty("citedOnlyInFirst")[0].GetString());
        });
        var verdict = (await app.Get(url)).GetProperty("verdict");
        Assert.Equal((30, 0), (verdict.GetProperty("pairs").GetInt32(), verdict.GetProperty("same").GetInt32()));
        Assert.Equal(30, (await Affected(document, 1)).Count(answer => answer.GetProperty("askedAgain").ValueKind is JsonValueKind.String));
        Assert.Equal("No run fits", (await app.Post($"/documents/{document}/ask-again", new { version = 1, budgetUsd = 5 }, 404))
            .GetProperty("title").GetString());
    }

    [Fact]
    public async Task What_was_recalled_is_not_found_and_not_taken_again_under_any_name()
    {
        const string Text = "# Lift\n\nThe lift of the tower carries forty persons at once.\n";
        var document = (await Read("lift.md", Text)).GetProperty("documentId").GetString()!;
        Assert.NotEmpty((await app.Get("/search?q=lift+tower+persons&sources=lift.md")).GetProperty("items").EnumerateArray());

        await app.Post($"/documents/{document}/recall", new { version = 1 }, 200);

        Assert.Empty((await app.Get("/search?q=lift+tower+persons&sources=lift.md")).GetProperty("items").EnumerateArray());
        Assert.Contains("carries forty", (await app.Get($"/passages?id={document}/1/1")).GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.String, (await app.Get($"/documents/{document}")).GetProperty("versions")[0].GetProperty("recalledAt").ValueKind);
        foreach (var source in new[] { "lift.md", "other.md" })
        {
            var again = await Read(source, Text);
            Assert.Equal("skipped", again.GetProperty("outcome").GetString());
            Assert.Contains("was recalled at", again.GetProperty("reason").GetString(), StringComparison.Ordinal);
        }

        Assert.Equal(2, (await Read("lift.md", Text + "\nIt was repaired.\n")).GetProperty("version").GetInt32());
        Assert.NotEmpty((await app.Get("/search?q=lift+tower+persons&sources=lift.md")).GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task The_same_content_under_another_name_is_withdrawn_with_it()
    {
        const string Text = "# Ferry\n\nThe ferry to the island leaves at noon.\n";
        var one = (await Read("ferry.md", Text)).GetProperty("documentId").GetString()!;
        var two = (await Read("island.md", Text)).GetProperty("documentId").GetString()!;

        var recalled = await app.Post($"/documents/{one}/recall", new { version = 1, reason = "It sank." }, 200);

        var same = recalled.GetProperty("sameContent").EnumerateArray().Single();
        Assert.Equal((two, 1, "island.md"), (same.GetProperty("documentId").GetString(), same.GetProperty("version").GetInt32(),
            same.GetProperty("source").GetString()));
        Assert.Empty((await app.Get("/search?q=ferry+island+noon&sources=island.md")).GetProperty("items").EnumerateArray());
        Assert.Equal(2L, await app.Scalar<long>("select count(*) from agents.document_recall where reason = 'It sank.'"));
        var other = await app.Post($"/documents/{two}/recall", new { version = 1 }, 200);
        Assert.False(other.GetProperty("isNew").GetBoolean());
        Assert.Equal(one, other.GetProperty("sameContent")[0].GetProperty("documentId").GetString());
    }

    [Fact]
    public async Task Answers_of_a_whatif_are_not_asked_for_again()
    {
        var document = (await Read("tram.md", "# Tram\n\nA parking permit for the tram yard costs a month's wage.\n")).GetProperty("documentId").GetString()!;
        var origin = (await Ask("tram.md", 1))[0];
        var whatIf = await app.Post("/whatifs", new { runs = new[] { origin }, instructions = "Be brief.", budgetUsd = 1 }, 202);
        await App.Until("the what-if is finished", async () => (await app.Get(whatIf.GetProperty("url").GetString()!)).GetProperty("isFinished").GetBoolean());
        await app.Post($"/documents/{document}/recall", new { version = 1 }, 200);
        Assert.Equal(2, (await Affected(document, 1)).Count);

        Assert.Equal(1, (await app.Post($"/documents/{document}/ask-again", new { version = 1, budgetUsd = 1 }, 202)).GetProperty("runs").GetInt32());
    }

    [Fact]
    public async Task What_makes_no_sense_is_refused()
    {
        var document = (await Read("sense.md", "# Sense\n\nIt makes sense.\n")).GetProperty("documentId").GetString()!;

        Assert.Equal("Unknown document", (await app.Post("/documents/nothing/recall", new { version = 1 }, 404)).GetProperty("title").GetString());
        Assert.Equal("Unknown document", (await app.Post($"/documents/{document}/recall", new { version = 2 }, 404)).GetProperty("title").GetString());
        Assert.Equal("Bad version", (await app.Post($"/documents/{document}/recall", new { }, 400)).GetProperty("title").GetString());
        Assert.Equal("Bad reason", (await app.Post(
            $"/documents/{document}/recall", new { version = 1, reason = new string('x', 501) }, 400)).GetProperty("title").GetString());
        Assert.Equal("Bad budgetUsd", (await app.Post($"/documents/{document}/ask-again", new { version = 1 }, 400)).GetProperty("title").GetString());
        Assert.Equal("Unknown document", (await app.Get($"/documents/{document}/answers?version=2", 404)).GetProperty("title").GetString());
        Assert.Equal("Bad version", (await app.Get($"/documents/{document}/answers?version=0", 400)).GetProperty("title").GetString());
        Assert.Empty((await app.Get($"/documents/{document}/answers")).GetProperty("items").EnumerateArray());
    }

    /// <summary>So many completed runs that cite the document.</summary>
    async Task<IReadOnlyList<Guid>> Ask(string source, int count)
    {
        var about = source == "visa.md" ? "What does a visa for travellers cost at the counter" : "What does a parking permit cost a month";
        var items = Enumerable.Range(1, count).Select(_ => new { agent = "research", question = $"{about}?", metadata = new { sources = source } });
        var batch = await app.Post("/runs/batch", new { items }, 202);
        var runs = batch.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("runId").GetGuid()).ToList();
        await App.Until("all have answered", async () => (await app.Get(batch.GetProperty("url").GetString()!)).GetProperty("isFinished").GetBoolean());
        foreach (var run in runs.Take(1)) Assert.NotEmpty((await app.Facts(run)).OfType<RunCompleted>().Single().Citations);
        return runs;
    }

    async Task<IReadOnlyList<JsonElement>> Affected(string document, int? version)
    {
        var answers = new List<JsonElement>();
        for (var cursor = ""; cursor is not null;)
        {
            var page = await app.Get($"/documents/{document}/answers?limit=20{(version is null ? "" : $"&version={version}")}{cursor}");
            answers.AddRange(page.GetProperty("items").EnumerateArray());
            cursor = page.GetProperty("next").GetString() is { } next ? $"&cursor={next}" : null;
        }

        return answers;
    }

    async Task<JsonElement> Read(string source, string text)
    {
        var read = await app.Host.Scenario(call =>
        {
            call.Post.Text(text).ToUrl("/documents").QueryString("source", source);
            call.StatusCodeShouldBe(200);
        });
        return JsonSerializer.Deserialize<JsonElement>(await read.ReadAsTextAsync()).GetProperty("items")[0];
    }

    static string Text(JsonElement claims) => string.Join(' ', claims.EnumerateArray().Select(claim => claim.GetString()));
}
