using System.Globalization;

namespace Agents.Host.Api.Responses;

/// <summary>
/// Ids of responses and of what they hold, made from the run's id, so that any node knows them. A run is one response, or several when it had to wait
/// for a person: <c>resp_…</c>, then <c>resp_…_2</c> and so on.
/// </summary>
public static class ResponseIds
{
    const string Prefix = "resp_";
    const string ApprovalPrefix = "mcpr_";
    const int RunLetters = 32;
    const int MostParts = 10_000;

    /// <param name="part">Which response of the run, from 1.</param>
    public static string Of(Guid runId, int part) => part == 1 ? $"{Prefix}{runId:N}" : $"{Prefix}{runId:N}_{part}";

    public static bool TryParse(string? id, out Guid runId, out int part)
    {
        (runId, part) = (default, 1);
        if (id is null || !id.StartsWith(Prefix, StringComparison.Ordinal) || id.Length < Prefix.Length + RunLetters) return false;
        if (!Guid.TryParseExact(id.AsSpan(Prefix.Length, RunLetters), "N", out runId)) return false;

        var rest = id.AsSpan(Prefix.Length + RunLetters);
        return rest.IsEmpty
            || (rest[0] == '_' && int.TryParse(rest[1..], NumberStyles.None, CultureInfo.InvariantCulture, out part) && part is > 1 and < MostParts);
    }

    /// <summary>Names a tool call that waits for approval.</summary>
    public static string OfApproval(Guid runId, string toolCallId) => $"{ApprovalPrefix}{runId:N}_{toolCallId}";

    public static bool TryParseApproval(string? id, out Guid runId, out string toolCallId)
    {
        (runId, toolCallId) = (default, "");
        if (id is null || !id.StartsWith(ApprovalPrefix, StringComparison.Ordinal) || id.Length < ApprovalPrefix.Length + RunLetters + 2)
            return false;

        toolCallId = id[(ApprovalPrefix.Length + RunLetters + 1)..];
        return id[ApprovalPrefix.Length + RunLetters] == '_' && Guid.TryParseExact(id.AsSpan(ApprovalPrefix.Length, RunLetters), "N", out runId);
    }
}
