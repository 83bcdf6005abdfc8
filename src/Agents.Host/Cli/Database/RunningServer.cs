using Agents.Host.Postgres;

namespace Agents.Host.Cli.Database;

/// <summary>The server that verbs talk to, as <c>doctor</c> reports it: by what it said at its start, not by the settings of this process.</summary>
/// <param name="Database">For people. Null when that is not known here, because the server runs elsewhere.</param>
/// <param name="Models">For people; empty when they are not known here.</param>
sealed record RunningServer(Uri Address, string? Database, IReadOnlyList<string> Models)
{
    /// <summary>Null when none answers.</summary>
    public static async Task<RunningServer?> Of(Call call, CancellationToken ct)
    {
        var known = ServerUrl.Read(call.Data);
        if (call.Server is { } named)
        {
            using var unproven = ServerConnection.ClientOf(named);
            if (!await ServerUrl.IsOurs(unproven, ct)) return null;
            return known?.Address == named ? new(named, known.Database, known.Models) : new(named, null, []);
        }

        if (known is null) return null;

        using var http = ServerConnection.ClientOf(known.Address);
        return await known.Answers(http, ct) ? new(known.Address, known.Database, known.Models) : null;
    }

    /// <summary>Whether a server with these settings would have the same database.</summary>
    public bool Uses(IConfiguration settings) => settings.GetConnectionString(DatabaseConnection.Name) is { Length: > 0 } own
        ? Database == DatabaseConnection.Describe(own)
        : Database!.StartsWith("embedded", StringComparison.Ordinal);

    /// <summary>One for each model. A setting of this process that the server does not have is named.</summary>
    public IReadOnlyList<Check> ModelChecks()
    {
        var unused = ServerOnlySettings.OfModels();
        Check[] warning = unused.Count > 0
            ? [new("model", CheckResult.Warn, $"{string.Join(", ", unused)} of this shell counts only where the server is started; start it anew with it")]
            : [];
        return Models.Count == 0
            ? [new("model", CheckResult.Ok, $"those of the server at {Address}, which it does not tell here"), .. warning]
            : [.. Models.Select(model => new Check("model", CheckResult.Ok, $"{model}, of the running server")), .. warning];
    }

    public Check Check() => new("server", CheckResult.Ok, $"runs at {Address}");
}
