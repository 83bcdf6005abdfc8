using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Agents.Domain.Costs;
using Agents.Host.Models;

namespace Agents.Host.Engine.Money;

/// <summary>One request as a provider's usage export tells it.</summary>
/// <param name="RowId">Names the row by what it says, and by which of several equal rows of the file it is.</param>
/// <param name="Request">The id we gave it. Null when the export does not have it.</param>
/// <param name="CostUsd">As billed. Null when the export has none.</param>
public sealed record UsageRow(
    string RowId, DateTimeOffset At, string Model, string? ResponseId, (Guid RunId, int Call, int Attempt)? Request,
    long? InputTokens, long? OutputTokens, decimal? CostUsd);

/// <summary>
/// Reads a usage export: CSV with a heading line. Columns may stand in any order and have any of several names; others are ignored.
/// </summary>
public sealed class UsageExport
{
    /// <summary>Rows of one file.</summary>
    public const int MostRows = 200_000;

    /// <summary>Bad rows that are named.</summary>
    const int MostProblems = 20;

    const int IdCharacters = 256;

    static readonly Dictionary<string, string[]> Names = new()
    {
        ["time"] = ["time", "timestamp", "start_time", "created_at", "date"],
        ["model"] = ["model", "model_name", "snapshot_id"],
        ["response_id"] = ["response_id", "id", "completion_id", "generation_id"],
        ["request_id"] = ["request_id", "client_request_id", "x_client_request_id", "x-client-request-id"],
        ["input_tokens"] = ["input_tokens", "prompt_tokens", "n_context_tokens_total"],
        ["output_tokens"] = ["output_tokens", "completion_tokens", "n_generated_tokens_total"],
        ["cost_usd"] = ["cost_usd", "cost", "amount", "amount_usd", "total_cost"],
    };

    readonly Dictionary<string, int> columns = [];
    readonly Dictionary<string, int> seen = [];
    readonly List<UsageRow> rows = [];
    readonly List<string> problems = [];

    public IReadOnlyList<UsageRow> Rows => rows;

    /// <summary>What is wrong, by line, at most twenty; empty when the file can be taken as it is.</summary>
    public IReadOnlyList<string> Problems => problems;

    public static UsageExport Read(string text)
    {
        var export = new UsageExport();
        foreach (var (line, fields) in Csv.Records(text))
        {
            if (export.columns.Count == 0) export.Heading(line, fields);
            else if (export.rows.Count >= MostRows) export.Problem(line, $"A file may have {MostRows:N0} rows.");
            else export.Row(line, fields);
            if (export.columns.Count == 0 || export.problems.Count >= MostProblems) break;
        }

        if (export.columns.Count == 0 && export.problems.Count == 0) export.problems.Add("The file is empty.");
        return export;
    }

    void Heading(int line, IReadOnlyList<string> fields)
    {
        var found = Names
            .Select(name => (name.Key,
                At: fields.ToList().FindIndex(field => name.Value.Contains(field.Trim().TrimStart('\ufeff').ToLowerInvariant().Replace(' ', '_')))))
            .Where(column => column.At >= 0)
            .ToDictionary(column => column.Key, column => column.At);
        if (!found.ContainsKey("time") || !found.ContainsKey("model")) Problem(line, "The headings must name time and model.");
        else if (!found.ContainsKey("cost_usd") && !(found.ContainsKey("input_tokens") && found.ContainsKey("output_tokens")))
            Problem(line, "The headings must name cost_usd, or input_tokens and output_tokens.");
        else foreach (var (name, at) in found) columns.Add(name, at);
    }

    void Row(int line, IReadOnlyList<string> fields)
    {
        var culture = CultureInfo.InvariantCulture;
        var (time, model, before) = (Field("time"), Field("model"), problems.Count);
        if (!TryTime(time, out var at)) Problem(line, $"\"{Short(time)}\" is no time; write 2026-11-23T14:05:00Z.");
        if (model is null or { Length: > IdCharacters }) Problem(line, "It names no model.");
        var cost = Number("cost_usd", text =>
            decimal.TryParse(text, NumberStyles.Float, culture, out var usd) && usd is >= 0 and < 1_000_000 ? usd : (decimal?)null);
        var input = Number("input_tokens", Tokens);
        var output = Number("output_tokens", Tokens);
        if (problems.Count == before && cost is null && (input is null || output is null)) Problem(line, "It has neither a cost nor tokens.");
        if (problems.Count > before) return;

        var (response, request) = (Field("response_id"), Field("request_id"));
        var says = $"{at.UtcTicks}\n{model}\n{response}\n{request}\n{input}\n{output}\n{cost?.ToString("0.############################", culture)}";
        var nth = seen[says] = seen.GetValueOrDefault(says) + 1;
        var rowId = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{says}\n{nth}")));
        rows.Add(new(rowId, at, model!, response, RequestId.Parse(request), input, output, cost));

        string? Field(string name) =>
            columns.TryGetValue(name, out var column) && column < fields.Count && fields[column].Trim() is { Length: > 0 } text
                ? Domain.Runs.Sanitiser.Text(text, IdCharacters + 1)
                : null;

        T? Number<T>(string name, Func<string, T?> read) where T : struct
        {
            if (Field(name) is not { } text) return null;
            var number = read(text.TrimStart('$'));
            if (number is null) Problem(line, $"\"{Short(text)}\" is no {name}.");
            return number;
        }

        long? Tokens(string text) => long.TryParse(text, NumberStyles.None, culture, out var tokens) && tokens <= Price.MaxTokens ? tokens : null;
    }

    /// <summary>ISO 8601, UTC where it says nothing, or seconds since 1970.</summary>
    static bool TryTime(string? text, out DateTimeOffset at)
    {
        at = default;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and < 10_000_000_000)
        {
            at = DateTimeOffset.FromUnixTimeSeconds(seconds);
            return true;
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out at);
    }

    void Problem(int line, string what) => problems.Add($"Line {line}: {what}");

    static string Short(string? text) => Domain.Runs.Sanitiser.Text(text, 40);
}
