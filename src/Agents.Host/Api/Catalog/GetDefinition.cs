using System.Text.Json;
using Agents.Host.Catalog;
using Agents.Host.Http;
using Agents.Host.Platform;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Wolverine.Http;

namespace Agents.Host.Api.Catalog;

/// <summary>A definition as it is stored, under the hash that runs keep.</summary>
/// <param name="Hash">SHA-256 of the definition's JSON, lower-case hex.</param>
/// <param name="Definition">The stored JSON: what the hash is of.</param>
/// <param name="Runs">Runs of the caller's tenant that obey it, or have done.</param>
public sealed record DefinitionView(string Hash, string Name, int Version, JsonElement Definition, long Runs);

/// <summary>A definition by its hash, also one that no agent has any more. Only one that a run of the tenant has obeyed, or a version of an agent has that the tenant can ask for.</summary>
public static class GetDefinitionEndpoint
{
    [WolverineGet("/definitions/{hash}"), Requires(Permissions.Read)]
    [ProducesResponseType<DefinitionView>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(string hash, AgentCatalog agents, NpgsqlDataSource database, HttpContext http, CancellationToken ct)
    {
        var tenant = Caller.Of(http).Tenant;
        var stored = await database.First<Stored>(
            """
            select d.name, d.version, d.body, (
              select count(*) from agents.run_summary r where r.tenant_id = @tenant and r.definition_hash = d.hash) as runs, exists (
              select from agents.agent_version v
              where v.tenant_id in (@tenant, '') and v.name = d.name and v.version = d.version and v.hash = d.hash) as is_pushed
            from agents.definition d where d.hash = @hash
            """, new { hash, tenant }, ct);
        return stored is not null && (stored.Runs > 0 || stored.IsPushed || agents.BuiltInNamed(stored.Name)?.Hash() == hash)
            ? Results.Ok(new DefinitionView(hash, stored.Name, stored.Version, JsonSerializer.Deserialize<JsonElement>(stored.Body), stored.Runs))
            : Refusals.Unknown("Unknown definition", "No run of yours has obeyed a definition with this hash; GET /runs/{id}/state shows a run's.").Answer();
    }

    sealed record Stored(string Name, int Version, string Body, long Runs, bool IsPushed);
}
