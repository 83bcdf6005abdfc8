using System.Security.Cryptography;
using System.Text.Json;
using Agents.Host.Http;

namespace Agents.Host.Cli;

/// <summary>
/// The server that runs on a data directory: its file <c>server.url</c> has its address, and below it the secret by which it is known again. Only the
/// server's own account can read it.
/// </summary>
/// <param name="Secret">See <see cref="ServerProof"/>.</param>
/// <param name="Database">The one that it uses, for people. Null when it did not say.</param>
/// <param name="Models">The models that it calls, for people.</param>
sealed record ServerUrl(Uri Address, string Secret, string? Database, IReadOnlyList<string> Models)
{
    const string DatabaseLine = "database ";
    const string ModelLine = "model ";

    /// <summary>A server on the same machine answers at once, or is not there.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    const int NonceBytes = 16;

    public static void Write(string directory, string url, string secret, string database, IEnumerable<string> models)
    {
        Directory.CreateDirectory(directory);
        var file = FileIn(directory);
        File.Delete(file + ".new");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var text = new StreamWriter(file + ".new", options)) text.Write(
            string.Concat(new[] { url, secret, DatabaseLine + database }.Concat(models.Select(model => ModelLine + model)).Select(line => line + '\n')));
        File.Move(file + ".new", file, overwrite: true);
    }

    /// <summary>Removes it if it is still ours.</summary>
    public static void Remove(string directory, string secret)
    {
        if (Read(directory)?.Secret == secret) File.Delete(FileIn(directory));
    }

    /// <summary>Null when no server was started on the directory, or it has ended, or this account may not read of it.</summary>
    public static ServerUrl? Read(string directory)
    {
        try
        {
            var file = FileIn(directory);
            return File.Exists(file) && File.ReadAllLines(file) is [var address, var secret, .. var more]
                && Uri.TryCreate(address.Trim(), UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
                ? new(url, secret.Trim(), After(more, DatabaseLine).FirstOrDefault(), [.. After(more, ModelLine)])
                : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    static IEnumerable<string> After(IEnumerable<string> lines, string start) =>
        lines.Where(line => line.StartsWith(start, StringComparison.Ordinal)).Select(line => line[start.Length..]);

    /// <summary>Whether the server that wrote the file answers there: another program may have taken the port since.</summary>
    /// <param name="http">Without a key, which is for that server alone.</param>
    public async Task<bool> Answers(HttpClient http, CancellationToken ct)
    {
        var nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(NonceBytes));
        var expected = ServerProof.Of(Secret, Address.Port, nonce);
        return await Asked(http, $"health/proof?nonce={nonce}", ct) == expected;
    }

    /// <summary>Whether a server of ours answers at an address that the caller has named.</summary>
    /// <param name="http">Without a key: what answers may be another program.</param>
    public static async Task<bool> IsOurs(HttpClient http, CancellationToken ct)
    {
        try
        {
            var health = JsonSerializer.Deserialize<JsonElement>(await Asked(http, "health/live", ct) ?? "null");
            return health.ValueKind == JsonValueKind.Object && health.TryGetProperty("service", out var service) && service.ValueEquals("agents");
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Null when there is no answer, or none in time.</summary>
    static async Task<string?> Asked(HttpClient http, string path, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        try
        {
            return await http.GetStringAsync(path, patience.Token);
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return null;
        }
    }

    static string FileIn(string directory) => Path.Combine(directory, "server.url");
}
