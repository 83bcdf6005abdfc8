using System.Text.Json;
using System.Text.Json.Nodes;
using Agents.Domain.Runs;
using Agents.Host.Engine.Attempts;
using Agents.Host.Http;
using Agents.Host.Log;
using Agents.Host.Platform;
using Agents.Projections;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>What changed in a run between two of its versions.</summary>
/// <param name="Patch">JSON Patch (RFC 6902): applied to the state at <paramref name="From"/>, it makes the state at <paramref name="To"/>.</param>
/// <param name="Reading">The same for people, a line for each change.</param>
/// <param name="Facts">The facts between them, which made the changes; empty when <paramref name="To"/> comes before.</param>
public sealed record StateDiff(
    Guid Id, long From, long To, IReadOnlyList<PatchOperation> Patch, IReadOnlyList<string> Reading, IReadOnlyList<EventView> Facts);

/// <summary>
/// Compares a run's state at two of its versions, in either order; without <c>from</c> the first, without <c>to</c> the last there is.
/// </summary>
public static class GetStateDiffEndpoint
{
    /// <summary>The longest value that a line for people shows; the patch has the whole.</summary>
    const int ShownCharacters = 120;

    public static ProblemDetails Validate([FromQuery] long? from, [FromQuery] long? to) =>
        from < 1 || to < 1 ? Refusals.Malformed("Bad versions", "Versions of a run count from 1.") : WolverineContinue.NoProblems;

    [WolverineGet("/runs/{id}/diff"), Requires(Permissions.Read)]
    [ProducesResponseType<StateDiff>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(
        Guid id, [FromQuery] long? from, [FromQuery] long? to, PastRuns runs, HttpContext http, CancellationToken ct)
    {
        var tenant = Caller.Of(http).Tenant;
        if (await runs.Whole(tenant, id, ct) is not { } whole) return RunProblems.NotFound(id);

        var (first, second) = (from ?? 1, to ?? whole.Version);
        if (Math.Max(first, second) is var last && last > whole.Version) return StateViews.NoVersion(last, whole.Version);

        var seesMoney = Permissions.Has(http.User, Permissions.Costs);
        var patch = JsonDiff.Of(await State(first), await State(second));
        var facts = whole.Facts.Index().Skip((int)first).Take((int)Math.Max(0, second - first)).Select(fact => EventView.Of(
            fact.Index + 1, EventNames.All[fact.Item.Happened.GetType()], fact.Item.At, fact.Item.Happened));
        return Results.Ok(new StateDiff(id, first, second, patch, [.. patch.Select(Read)], [.. facts]));

        async Task<JsonNode?> State(long version)
        {
            var json = JsonSerializer.Serialize(StateViews.Of(whole, await runs.At(tenant, whole, version, ct), runs), JsonFormat.Api);
            return JsonNode.Parse(seesMoney ? json : HiddenMoney.Of(json));
        }
    }

    static string Read(PatchOperation change)
    {
        var name = change.Path.TrimStart('/').Replace('/', '.');
        return change.Op switch
        {
            "add" => $"{name.Replace(".-", "", StringComparison.Ordinal)} got {Short(change.Value)}",
            "remove" => $"{name} lost {Short(change.Was)}",
            _ => $"{name} was {Short(change.Was)} and is {Short(change.Value)}",
        };
    }

    static string Short(JsonNode? value) => Sanitiser.Text(value?.ToJsonString(JsonFormat.Api) ?? "nothing", ShownCharacters);
}
