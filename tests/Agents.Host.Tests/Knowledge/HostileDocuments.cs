using System.IO.Compression;
using System.Text;

namespace Agents.Host.Tests.Knowledge;

/// <summary>Documents that were made to do harm, small ones: each takes a parser without limits much time, much memory, or its stack.</summary>
public static class HostileDocuments
{
    /// <summary>All of them by the name they are sent under.</summary>
    public static IReadOnlyDictionary<string, byte[]> All { get; } = new Dictionary<string, byte[]>
    {
        ["formatting.html"] = Text(Formatting(400, 5_000)),
        ["formatting-more.html"] = Text(Formatting(500, 9_000)),
        ["fonts.html"] = Text("<p>" + Many(450, at => $"<font size={at}>") + Many(6_000, _ => "<p>x")),
        ["nested-div.html"] = Text(Many(76_800, _ => "<div>")),
        ["nested-span.html"] = Text(Many(60_000, _ => "<span>") + "deep"),
        ["nested-list.html"] = Text(Many(40_000, _ => "<ul><li>")),
        ["nested-table.html"] = Text(Many(20_000, _ => "<table><tr><td>")),
        ["nested-button.html"] = Text(Many(40_000, _ => "<section><b>")),
        ["elements.html"] = Text(Many(700_000, _ => "<i></i>") + "end"),
        ["brackets.md"] = Text(new string('[', 300_000) + "x"),
        ["emphasis.md"] = Text(Many(150_000, _ => "*a_ ")),
        ["emphasis-more.md"] = Text(Many(100_000, _ => "**a *b ")),
        ["quotes.md"] = Text(new string('>', 200_000) + "x"),
        ["links.md"] = Text(Many(150_000, _ => "[a](") + "b"),
        ["tables.md"] = Text(Many(3_000, at => $"|{at}") + "\n" + Many(3_000, _ => "|-") + "\n" + Many(1_000, _ => "|x\n")),
        ["lists.md"] = Text(Many(3_000, at => new string(' ', at * 2) + "- x\n")),
        ["backticks.md"] = Text(Many(1_000, at => new string('`', at) + " ")),
        ["images.md"] = Text(Many(60_000, _ => "![[") + "]"),
        ["inflating.pdf"] = Pdf(stream: Inflating(400_000_000), filter: "/FlateDecode"),
        ["inflating-twice.pdf"] = Pdf(stream: Deflated(Inflating(400_000_000)), filter: "[/FlateDecode /FlateDecode]"),
        ["run-length.pdf"] = Pdf(stream: RunLengths(600_000), filter: "/RunLengthDecode"),
        ["forms.pdf"] = Forms(depth: 24),
        ["forms-of-itself.pdf"] = Forms(depth: 1, isRing: true),
        ["damaged.pdf"] = Text("%PDF-1.7\n1 0 obj << /Type /Catalog /Pages 1 0 R >> endobj\ntrailer << /Root 1 0 R >>\n"),
        ["arrays.pdf"] = Text("%PDF-1.7\n1 0 obj " + new string('[', 400_000) + " endobj\ntrailer << /Root 1 0 R >>\n"),
        ["one-word.txt"] = Text(new string('x', 2_000_000)),
        ["one-line.txt"] = Text(Many(400_000, _ => "x ")),
        ["full-stops.txt"] = Text(Many(200_000, _ => ". ")),
        ["marks.txt"] = Text("a" + new string('\u0301', 300_000)),
        ["one-line.json"] = Text("{" + Many(60_000, at => $"\"key{at}\":{at},") + "\"end\":0}"),
    };

    public static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>Elements that are opened anew in each paragraph.</summary>
    public static string Formatting(int elements, int paragraphs) => "<p>" + Many(elements, at => $"<b id={at}>") + Many(paragraphs, _ => "<p>x");

    public static string Many(int count, Func<int, string> part) => string.Concat(Enumerable.Range(0, count).Select(part));

    /// <summary>A PDF of one page with this content.</summary>
    public static byte[] Pdf(byte[] stream, string? filter = null, string media = "[0 0 595 842]") => Objects(
        Text("<< /Type /Catalog /Pages 2 0 R >>"),
        Text("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
        Text($"<< /Type /Page /Parent 2 0 R /MediaBox {media} /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"),
        Stream(stream, filter is null ? "" : $"/Filter {filter}"),
        Text("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"));

    /// <summary>A PDF of one page that writes this with a font named F1.</summary>
    public static byte[] Pdf(string content) => Pdf(Encoding.Latin1.GetBytes(content));

    /// <summary>Forms of which each uses the next one twice.</summary>
    static byte[] Forms(int depth, bool isRing = false)
    {
        var objects = new List<byte[]>
        {
            Text("<< /Type /Catalog /Pages 2 0 R >>"),
            Text("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
            Text("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /XObject << /X 6 0 R >> >> >>"),
            Stream(Text("/X Do"), ""),
            Text("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"),
        };
        for (var at = 0; at < depth; at++)
        {
            var next = at + 1 < depth ? $"/XObject << /X {7 + at} 0 R >>" : isRing ? "/XObject << /X 6 0 R >>" : "";
            var content = at + 1 < depth || isRing ? "/X Do /X Do" : "BT /F1 12 Tf 50 700 Td (harm is done) Tj ET";
            objects.Add(Stream(
                Text(content), $"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /Font << /F1 5 0 R >> {next} >>"));
        }

        return Objects([.. objects]);
    }

    static byte[] Stream(byte[] data, string dictionary) =>
        [.. Text($"<< /Length {data.Length} {dictionary} >>\nstream\n"), .. data, .. Text("\nendstream")];

    static byte[] Objects(params byte[][] objects)
    {
        using var file = new MemoryStream();
        file.Write("%PDF-1.7\n"u8);
        var places = new List<long>();
        foreach (var (number, content) in objects.Index())
        {
            places.Add(file.Position);
            file.Write(Text($"{number + 1} 0 obj\n"));
            file.Write(content);
            file.Write("\nendobj\n"u8);
        }

        var table = file.Position;
        file.Write(Text($"xref\n0 {objects.Length + 1}\n0000000000 65535 f \n"));
        foreach (var place in places) file.Write(Text($"{place:D10} 00000 n \n"));
        file.Write(Text($"trailer << /Size {objects.Length + 1} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n"));
        return file.ToArray();
    }

    /// <summary>White space that is short when it is deflated.</summary>
    static byte[] Inflating(int length)
    {
        using var deflated = new MemoryStream();
        using (var deflate = new ZLibStream(deflated, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            var some = Encoding.ASCII.GetBytes(new string(' ', 1_000_000));
            for (var written = 0; written < length; written += some.Length) deflate.Write(some);
        }

        return deflated.ToArray();
    }

    static byte[] Deflated(byte[] data)
    {
        using var deflated = new MemoryStream();
        using (var deflate = new ZLibStream(deflated, CompressionLevel.SmallestSize, leaveOpen: true)) deflate.Write(data);
        return deflated.ToArray();
    }

    static byte[] RunLengths(int runs)
    {
        var data = new byte[(runs * 2) + 1];
        for (var at = 0; at < runs; at++) (data[at * 2], data[(at * 2) + 1]) = (129, (byte)' ');
        data[^1] = 128;
        return data;
    }
}
