using System.Globalization;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Catalog.Format;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Catalog;

/// <summary>A definition that was pushed.</summary>
/// <param name="Version">The version that has this content.</param>
/// <param name="IsNew">False when there was a version of the same content.</param>
/// <param name="Alias">What stands for it by this request. Null when it was only stored.</param>
/// <param name="IsMoved">Whether the alias stood for another version before, or for none.</param>
/// <param name="ForAll">It was pushed for all tenants.</param>
/// <param name="IsDryRun">Nothing was written; it says what would be.</param>
public sealed record PushedAgent(
    string Name, int Version, string Hash, bool IsNew, string? Alias, bool IsMoved, bool ForAll, bool IsDryRun);

/// <summary>
/// Stores a definition, in YAML or JSON, as the next version of an agent, and makes it live. The same content again makes no version. Every mistake
/// in it is named with line, column and reason. Of a tenant for itself; with <c>scope=all</c>, which is the platform's, for all.
/// </summary>
public static class PushAgentEndpoint
{
    [WolverinePut("/agents/{name}"), Requires(Permissions.Administer), ReadsBodyItself, TakesBody(null, TakesBodyAttribute.Json, TakesBodyAttribute.Yaml)]
    [ProducesResponseType<PushedAgent>(200), ProducesResponseType<PushedAgent>(201), ProducesResponseType<ProblemDetails>(400),
     ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(412),
     ProducesResponseType<ProblemDetails>(413)]
    public static async Task<IResult> Put(
        string name, [FromQuery] string? alias, [FromQuery] bool? dryRun, [FromQuery] int? expectedVersion, [FromQuery] string? scope,
        [FromQuery] string? comment, AgentCatalog agents, AgentStore store, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        var (owner, refusal) = AgentOwner.Of(caller, scope);
        if (owner is null) return refusal!;
        var chosen = string.IsNullOrEmpty(alias) ? AgentName.Live : alias;
        if (chosen != AgentName.NoAlias && !AgentName.IsAlias(chosen)) return AgentProblems.BadAlias();
        if (!ReadMatch(http.Request, out var matched)) return BadMatch();

        var text = await BodyText.Bytes(http.Request, SourceText.MostBytes, ct);
        var read = DefinitionReader.Read(text, http.Request.HasJsonContentType(), name);
        if (read.Agent is { } agent) read = read.With(await agents.Problems(agent, owner, [], ct));
        if (read.Mistakes.Count > 0) return AgentProblems.BadDefinition(read.Mistakes);

        var wanted = new NewVersion(
            read.Agent!, read.HasVersion, chosen == AgentName.NoAlias ? null : chosen, expectedVersion ?? matched,
            comment is null ? null : Sanitiser.Text(comment, AgentStore.MostComment)) { IsDryRun = dryRun is true };
        var pushed = await store.Push(owner, wanted, caller.Actor, ct);
        if (Refused(pushed, name, isMatch: expectedVersion is null) is { } refused) return refused;

        http.Response.Headers.ETag = $"\"{pushed.Version}\"";
        var answer = new PushedAgent(
            name, pushed.Version, pushed.Hash, pushed.Outcome is PushOutcome.New, wanted.Alias, pushed.IsMoved, owner == AgentStore.All,
            wanted.IsDryRun);
        return answer is { IsNew: true, IsDryRun: false } ? Results.Created($"/agents/{name}/versions/{pushed.Version}", answer) : Results.Ok(answer);
    }

    /// <summary>Null when it was not refused.</summary>
    /// <param name="isMatch">The expected version stood in the header <c>If-Match</c>.</param>
    static IResult? Refused(Pushed pushed, string name, bool isMatch) => pushed.Outcome switch
    {
        PushOutcome.Stale => Refusals.Of(
            isMatch ? StatusCodes.Status412PreconditionFailed : StatusCodes.Status409Conflict, "Another version meanwhile",
            $"The newest version of {name} is {pushed.Version}. Look at it, then push again.").Answer(),
        PushOutcome.NumberTaken => Refusals.Conflict(
            "Version exists", $"That number is taken, with other content. The next one is {pushed.Version}; leave it out to get that.").Answer(),
        PushOutcome.TooManyVersions => Refusals.Conflict("Too many versions", $"An agent may have {AgentStore.MostVersions:N0}.").Answer(),
        PushOutcome.TooManyNames => Refusals.Conflict("Too many agents", $"A tenant may have {AgentStore.MostNames:N0}.").Answer(),
        _ => null,
    };

    /// <summary>The version in the header <c>If-Match</c>, such as <c>"3"</c>; none when there is no header.</summary>
    /// <returns>False when it is no version.</returns>
    static bool ReadMatch(HttpRequest request, out int? version)
    {
        version = null;
        if (request.Headers.IfMatch is not { Count: > 0 } written) return true;
        if (!int.TryParse(written.ToString().Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return false;
        version = number;
        return true;
    }

    static IResult BadMatch() => Refusals.Malformed(
        "Bad If-Match", "It is the number of a version in quotes, such as \"3\"; \"0\" when there is none.").Answer();
}
