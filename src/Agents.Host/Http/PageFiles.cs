using System.Collections.Concurrent;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Net.Http.Headers;

namespace Agents.Host.Http;

/// <summary>
/// The pages at <c>/</c>: files inside the assembly, each compressed once. They tell nothing of the server, so that they need no key: what they show
/// they ask for over the API, with the key of whoever looks.
/// </summary>
static class PageFiles
{
    /// <summary>Scripts and styles from here alone, none in the page itself; no other host is asked, and no page shows this one in a frame.</summary>
    public const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        + "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    const string Resources = "pages/";
    const string Index = "index.html";

    /// <summary>A year: the address of a file changes with the content of any.</summary>
    const string Forever = "public, max-age=31536000, immutable";

    /// <summary>The browser asks each time, and is answered 304 while it has the newest.</summary>
    const string Asked = "no-cache";

    static readonly Lazy<Shipped> All = new(Read);
    static readonly ConcurrentDictionary<(string File, string Encoding), byte[]> Compressed = new();

    public static void MapPages(this WebApplication app)
    {
        app.MapGet("/", (HttpContext http) => Send(http, Index, Asked)).AllowAnonymous().ExcludeFromDescription();
        app.MapGet("/pages/{edition}/{**file}", (string edition, string? file, HttpContext http) =>
            file is not null && All.Value.Files.ContainsKey(file) && file != Index
                ? Send(http, file, edition == All.Value.Edition ? Forever : Asked) // a page that was opened before the server was replaced
                : Task.FromResult(http.Response.StatusCode = StatusCodes.Status404NotFound)).AllowAnonymous().ExcludeFromDescription();
    }

    static async Task Send(HttpContext http, string file, string caching)
    {
        var (request, response) = (http.Request, http.Response);
        var encoding = request.Headers.AcceptEncoding.ToString() is var accepted && accepted.Contains("br", StringComparison.OrdinalIgnoreCase) ? "br"
            : accepted.Contains("gzip", StringComparison.OrdinalIgnoreCase) ? "gzip" : "";
        var tag = $"\"{All.Value.Edition}-{encoding}\"";
        response.Headers.ETag = tag;
        response.Headers.CacheControl = caching;
        response.Headers.Vary = HeaderNames.AcceptEncoding;
        response.Headers.ContentSecurityPolicy = Policy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
        response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (request.Headers.IfNoneMatch.Any(known => known?.Contains(tag, StringComparison.Ordinal) is true))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        var body = Compressed.GetOrAdd((file, encoding), Compress);
        response.ContentType = TypeOf(file);
        response.ContentLength = body.Length;
        if (encoding.Length > 0) response.Headers.ContentEncoding = encoding;
        await response.Body.WriteAsync(body, http.RequestAborted);
    }

    static Shipped Read()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Resources, StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            files[name[Resources.Length..].Replace('\\', '/')] = bytes;
        }

        // The page names its files by the edition, so that they can be kept for ever.
        var edition = EditionOf(files);
        files[Index] = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(files[Index]).Replace("EDITION", edition, StringComparison.Ordinal));
        return new(files, edition);
    }

    /// <summary>Names this content of all files, as they were before one of them named it.</summary>
    static string EditionOf(IReadOnlyDictionary<string, byte[]> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var bytes in files.Values) hash.AppendData(SHA256.HashData(bytes));
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..12];
    }

    static byte[] Compress((string File, string Encoding) wanted)
    {
        var bytes = All.Value.Files[wanted.File];
        if (wanted.Encoding.Length == 0) return bytes;

        using var target = new MemoryStream();
        using (Stream packing = wanted.Encoding == "br"
            ? new BrotliStream(target, CompressionLevel.SmallestSize)
            : new GZipStream(target, CompressionLevel.SmallestSize)) packing.Write(bytes);
        return target.ToArray();
    }

    static string TypeOf(string file) => Path.GetExtension(file) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    };

    /// <param name="Edition">Names the content of all files: another when any changes.</param>
    sealed record Shipped(IReadOnlyDictionary<string, byte[]> Files, string Edition);
}
