using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Agents.Host.Tests.Http.Fuzz;

/// <summary>A request in which something is odd.</summary>
/// <param name="Key">Its idempotency key. Null for none.</param>
sealed partial record OddRequest(string Method, string Url, byte[]? Body, string? ContentType, string? Key)
{
    const string Json = "application/json";

    static readonly string[] OddValues =
    [
        "null", "true", "0", "-1", "1.5", "1e-308", "-1e308", "1e308", "1e400", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
        "2147483648", "79228162514264337593543950336", "0.000000000000000000000000000001", "1" + new string('0', 400), "[]", "{}", "[null]", "[[]]",
        "[1,2,3]", """{"a":{"b":{"c":1}}}""", "\"\"", "\" \"", "\"\\u0000\"", "\"a\\u0000b\"", "\"\\ud800\"", "\"a\\udc00\\ud800b\"", "\"\\n\\r\\t\"", "\"'; --\"",
        "\"\\\\\"", "\"%\"", "\"H * * * *\"", "\"* * * * * *\"", "\"0 0 30 2 *\"", "\"@every_second\"", "\"../../etc/passwd\"", "\"0001-01-01T00:00:00+14:00\"",
        "\"0001-01-01T00:00:00Z\"", "\"9999-12-31T23:59:59.9999999-14:00\"", "\"9999-12-31T23:59:59Z\"", "\"2026-02-30\"", "\"NaN\"", "\"Infinity\"", "\"1\"",
        "\"00000000-0000-0000-0000-000000000000\"", "NaN", "nonsense", "\"unended", "{\"a\":1,\"a\":2}", "\"" + new string('x', 20_000) + "\"",
        new string('[', 60) + new string(']', 60),
    ];

    static readonly string[] OddTexts =
    [
        "", "%20", "%00", "a%00b", "%ED%A0%80", "%FF", "%F0%9F%92%A9", "%0A", "%25", "%5C", "%27%3B--", "null", "-1", "0", "1.5", "1e400", "NaN", "x",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "2147483647", "2147483648", "00000000-0000-0000-0000-000000000000",
        "0001-01-01", "9999-12-31", "2026-02-30", "99999999d", "1m", "true", "tenant:", "tenant:%00", ":::", "all", "asc", "a,b,,c", "*", "%2F", "..%2F",
        new('x', 3_000),
    ];

    static readonly string[] SensibleTexts = ["1", "10", "day", "agent", "research", "parked", "queued", "24h", "2026-11-01", "tenant:odd", "offline", "overall"];

    static readonly string?[] Keys = [null, null, null, null, null, "k", "k", " ", new('k', 300), "a\tb", "%00"];

    static readonly byte[][] OddBodies =
    [
        [], "null"u8.ToArray(), "[]"u8.ToArray(), "\"\""u8.ToArray(), "{"u8.ToArray(), "{}"u8.ToArray(), [0], [0xFF, 0xFE, 0x00], [0xEF, 0xBB, 0xBF, (byte)'{', (byte)'}'],
        [.. "{\"reason\":\""u8, 0xED, 0xA0, 0x80, .. "\"}"u8], "{\"a\":1}{\"b\":2}"u8.ToArray(),
    ];

    static readonly string[] OddTypes = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data", "application/xml"];

    public static OddRequest To(Operation operation, Guid run, Random random)
    {
        var body = operation.Body?.Copy();
        var (spoilPath, spoilBody) = (random.Next(6) == 0, body is not null && random.Next(8) > 0);
        var url = PathParameter().Replace(operation.Path, match => spoilPath ? Pick(OddTexts, random) is { Length: > 0 } odd ? odd : "x" : SensibleIn(match.Value, run, random));
        var query = operation.Query.Where(_ => random.Next(2) == 0).Select(name => $"{name}={Pick(random.Next(3) > 0 ? OddTexts : SensibleTexts, random)}").ToList();
        if (operation is { Method: "POST", Path: "/documents" } && random.Next(2) == 0) query.Add("source=odd.md");
        if (query.Count > 0) url += "?" + string.Join('&', query);
        if (spoilBody)
            for (var spoilt = random.Next(1, 4); spoilt > 0; spoilt--) Spoil(body!, random);

        var bytes = body is null ? null : random.Next(15) == 0 ? Pick(OddBodies, random) : Bytes(operation, body);
        return new(operation.Method, url, bytes, random.Next(15) == 0 ? Pick(OddTypes, random) : random.Next(20) == 0 ? null : Json, Pick(Keys, random));
    }

    public override string ToString() => $"{Method} {Short(Url)} {ContentType} key {Key is null} {Short(Body is null ? "" : Encoding.UTF8.GetString(Body))}";

    /// <summary>What is no JSON is sent as the text that it stands for here.</summary>
    static byte[] Bytes(Operation operation, Node body) =>
        operation.Path is "/documents" or "/finance/usage" && body.Raw is ['"', .., '"'] quoted && TryText(quoted) is { } text
            ? Encoding.UTF8.GetBytes(text) : Encoding.UTF8.GetBytes(body.ToString());

    static string? TryText(string quoted)
    {
        try
        {
            return JsonSerializer.Deserialize<string>(quoted);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static void Spoil(Node body, Random random)
    {
        var all = body.All().ToList();
        var holders = all.Where(node => node.Raw is null && node.Members.Count > 0).ToList();
        if (holders.Count == 0)
        {
            body.Raw = Pick(OddValues, random);
            return;
        }

        var holder = Pick(holders, random);
        var at = random.Next(holder.Members.Count);
        var (name, value) = holder.Members[at];
        switch (random.Next(8))
        {
            case 0: holder.Members.RemoveAt(at); break;
            case 1: holder.Members.Add((name, value.Copy())); break;
            case 2: holder.Members.Add((name is null ? null : "unknown", new(Pick(OddValues, random)))); break;
            case 3: holder.Members[at] = (name is null ? null : Pick(["", "\\u0000", "\\ud800", "a", name.ToUpperInvariant()], random), value); break;
            default: holder.Members[at] = (name, new(Pick(OddValues, random))); break;
        }
    }

    static string SensibleIn(string parameter, Guid run, Random random) => parameter.Trim('{', '}', '*') switch
    {
        "id" or "threadId" => run.ToString(),
        "scope" => Pick(["agent", "overall", "all", "tenant:odd"], random),
        "value" or "model" => "odd",
        "provider" => "offline",
        "call" or "attempt" => "1",
        "name" => Pick(["a", "odd"], random),
        _ => Pick(SensibleTexts, random),
    };

    static T Pick<T>(IReadOnlyList<T> from, Random random) => from[random.Next(from.Count)];

    static string Short(string text) => text.Length > 400 ? text[..400] + "…" : text;

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex PathParameter();
}
