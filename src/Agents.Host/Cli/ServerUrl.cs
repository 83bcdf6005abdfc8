using System.Text.Json;

namespace Agents.Host.Cli;

/// <summary>The address of the server that runs on a data directory, in its file <c>server.url</c>.</summary>
static class ServerUrl
{
    /// <summary>A server on the same machine answers at once, or is not there.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static void Write(string directory, string url)
    {
        Directory.CreateDirectory(directory);
        var file = FileIn(directory);
        File.WriteAllText(file + ".new", url + "\n");
        File.Move(file + ".new", file, overwrite: true);
    }

    /// <summary>Removes it if it is still ours.</summary>
    public static void Remove(string directory, string url)
    {
        if (Read(directory)?.OriginalString == url) File.Delete(FileIn(directory));
    }

    /// <summary>Null when no server was started on the directory, or it has ended.</summary>
    public static Uri? Read(string directory)
    {
        try
        {
            var file = FileIn(directory);
            return File.Exists(file) && Uri.TryCreate(File.ReadAllText(file).Trim(), UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
                ? url
                : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Whether a server of ours answers there: another program may have taken the port since.</summary>
    public static async Task<bool> Answers(HttpClient http, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        try
        {
            var health = JsonSerializer.Deserialize<JsonElement>(await http.GetStringAsync("health/live", patience.Token));
            return health.ValueKind == JsonValueKind.Object && health.TryGetProperty("service", out var service) && service.ValueEquals("agents");
        }
        catch (Exception e) when (e is HttpRequestException or JsonException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return false;
        }
    }

    static string FileIn(string directory) => Path.Combine(directory, "server.url");
}
