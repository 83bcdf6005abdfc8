using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Http;
using Agents.Host.Knowledge;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Api.Knowledge;

/// <summary>An answer that cites a document.</summary>
/// <param name="Run">The run that gave it.</param>
/// <param name="Passages">Of the document, by id: what the answer rests on.</param>
/// <param name="AskedAgain">The newest run that was asked the same because the answer rests on the document. Null when none was.</param>
/// <param name="IsTrial">A what-if gave it: it is not asked again.</param>
public sealed record CitingAnswer(
    Guid Run, string Agent, string Question, string Answer, IReadOnlyList<int> Versions, IReadOnlyList<string> Passages, DateTimeOffset AnsweredAt,
    Guid? AskedAgain, bool IsTrial);

/// <summary>Reads which answers rest on a document. Every query belongs to a tenant.</summary>
public sealed class AnswerReader(NpgsqlDataSource database)
{
    /// <summary>Whether the tenant has the document, and the version if one is named.</summary>
    public async Task<bool> Has(string tenant, string documentId, int? version, CancellationToken ct) => await database.First<bool>(
        """
        select exists (
          select from agents.document_version where tenant_id = @tenant and document_id = @id and (@version is null or number = @version))
        """, new { tenant, id = CleanText.Of(documentId), version }, ct);

    /// <summary>The newest first.</summary>
    /// <param name="version">Null for all versions.</param>
    /// <param name="before">The cursor: runs older than this one. Null for the first page.</param>
    public async Task<Page<CitingAnswer>> Citing(
        string tenant, string documentId, int? version, Guid? before, int limit, CancellationToken ct)
    {
        var rows = await database.Query<AnswerRow>(
            """
            select r.run_id, r.agent, r.question, r.answer, r.citations, r.finished_at,
              (select i.run_id from agents.batch_item i
               join agents.what_if w on w.tenant_id = i.tenant_id and w.batch_id = i.batch_id
               where i.tenant_id = r.tenant_id and i.origin = r.run_id and w.document_id = @id and (@version is null or w.document_version = @version)
               order by i.batch_id desc limit 1) as asked_again,
              exists (select from agents.what_if w where w.tenant_id = r.tenant_id and w.batch_id = r.batch_id and w.kind = 'what_if') as is_trial
            from agents.run_summary r
            where r.tenant_id = @tenant and r.citations is not null and r.citations::jsonb @> @cited::jsonb
              and (@before is null or r.run_id < @before)
            order by r.run_id desc limit @most
            """,
            new { tenant, id = CleanText.Of(documentId), version, cited = Cited(documentId, version), before, most = limit + 1 }, ct);
        var answers = rows.ConvertAll(row => row.View(documentId, version));
        return answers.Count > limit ? new(answers[..limit], answers[limit - 1].Run.ToString()) : new(answers, null);
    }

    /// <summary>
    /// The runs whose answers rest on the version and were not asked again for it, newest first. Not the runs of a what-if: they only try something.
    /// </summary>
    public async Task<IReadOnlyList<Guid>> ToAskAgain(string tenant, string documentId, int version, int limit, CancellationToken ct) =>
        await database.Query<Guid>(
            """
            select r.run_id from agents.run_summary r
            where r.tenant_id = @tenant and r.citations is not null and r.citations::jsonb @> @cited::jsonb
              and not exists (
                select from agents.batch_item i
                join agents.what_if w on w.tenant_id = i.tenant_id and w.batch_id = i.batch_id
                where i.tenant_id = r.tenant_id and i.origin = r.run_id and w.document_id = @id and w.document_version = @version)
              and not exists (
                select from agents.what_if w where w.tenant_id = r.tenant_id and w.batch_id = r.batch_id and w.kind = 'what_if')
            order by r.run_id desc limit @limit
            """, new { tenant, id = CleanText.Of(documentId), version, cited = Cited(documentId, version), limit }, ct);

    static string Cited(string documentId, int? version) => version is { } number
        ? JsonSerializer.Serialize(new[] { new { documentId = CleanText.Of(documentId), documentVersion = number } })
        : JsonSerializer.Serialize(new[] { new { documentId = CleanText.Of(documentId) } });

    sealed record AnswerRow(
        Guid RunId, string Agent, string Question, string Answer, JsonElement Citations, DateTimeOffset FinishedAt, Guid? AskedAgain,
        bool IsTrial)
    {
        public CitingAnswer View(string documentId, int? version)
        {
            var own = Citations.Deserialize<List<Citation>>(JsonFormat.Api)!
                .Where(cited => cited.DocumentId == documentId && (version is null || cited.DocumentVersion == version)).ToList();
            return new(
                RunId, Agent, Question, Answer, [.. own.Select(cited => cited.DocumentVersion).Distinct().Order()],
                [.. own.Select(cited => cited.PassageId).Distinct()], FinishedAt, AskedAgain, IsTrial);
        }
    }
}
