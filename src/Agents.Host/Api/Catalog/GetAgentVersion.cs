using Agents.Host.Catalog;
using Agents.Host.Catalog.Format;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;
using Wolverine.Http;

namespace Agents.Host.Api.Catalog;

/// <summary>
/// One version: its definition, and what became of the tenant's runs of it. With <c>Accept: application/yaml</c> the definition alone, as
/// <c>PUT /agents/{name}</c> takes it. An agent of the program has the version that its definition says.
/// </summary>
public static class GetAgentVersionEndpoint
{
    [WolverineGet("/agents/{name}/versions/{version}"), Requires(Permissions.Read)]
    [ProducesResponseType<AgentVersionView>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(
        string name, int version, AgentCatalog agents, AgentReader pushed, Definitions definitions, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        var stored = await pushed.Version(caller.Tenant, name, version, ct);
        if (stored is null && agents.BuiltInNamed(name)?.Version != version) return AgentProblems.UnknownVersion(name, version);

        var agent = stored is null ? agents.BuiltInNamed(name)! : await definitions.Of(stored.Hash, ct);
        if (WantsYaml(http.Request)) return Results.Text(DefinitionWriter.Yaml(agent, caller.SeesMoney), DefinitionFormat.Yaml);

        var outcomes = await pushed.Outcomes(caller.Tenant, [stored?.Hash ?? agent.Hash()], ct);
        var view = stored is null ? AgentViews.OfProgram(agent, outcomes) : AgentViews.Of(stored, outcomes, caller);
        return Results.Ok(view with { Definition = DefinitionWriter.Json(agent, caller.SeesMoney) });
    }

    static bool WantsYaml(HttpRequest request) =>
        MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted) && accepted.Any(one => one.MediaType == DefinitionFormat.Yaml);
}
