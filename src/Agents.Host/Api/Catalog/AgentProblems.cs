using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Catalog.Format;
using Agents.Host.Http;

namespace Agents.Host.Api.Catalog;

/// <summary>Refusals that several endpoints of agents share.</summary>
static class AgentProblems
{
    public static IResult Unknown() => Refusals.Unknown("Unknown agent", "GET /agents lists the agents there are.").Answer();

    public static IResult UnknownVersion(string name, int? version) => Refusals.Unknown(
        "Unknown version", $"{Sanitiser.Text(name, 64)} has no version {version} that was pushed here. GET /agents/{{name}}/versions lists all.")
        .Answer();

    public static IResult NoVersion() => Refusals.Malformed("No version", "Say which version, from 1: {\"version\": 3}.").Answer();

    public static IResult BadAlias() => Refusals.Malformed(
        "Bad alias", "An alias has 1 to 64 of a-z, 0-9, dot, hyphen and underscore, begins with a letter or digit, and is neither a number nor none.")
        .Answer();

    /// <summary>Every mistake, with its place in the text.</summary>
    public static IResult BadDefinition(IReadOnlyList<Mistake> mistakes) => Results.Problem(
        statusCode: StatusCodes.Status400BadRequest, title: "Bad definition",
        detail: $"{(mistakes.Count == 1 ? "One mistake" : $"{mistakes.Count} mistakes")}; the first is in {mistakes[0]}",
        extensions: new Dictionary<string, object?> { ["errors"] = mistakes });
}

/// <summary>Whose agents a request changes.</summary>
static class AgentOwner
{
    const string OfAll = "all";
    const string OfTenant = "tenant";

    /// <summary>Null when it is not the caller's to change, or the word is unknown; then why.</summary>
    /// <param name="scope">tenant or all. Null means all for the platform, and the tenant for others.</param>
    public static (string? Owner, IResult? Refusal) Of(Caller caller, string? scope) => (scope, caller.IsPlatform) switch
    {
        (null, true) or (OfAll, true) => (AgentStore.All, null),
        (null, false) or (OfTenant, _) => (caller.Tenant, null),
        (OfAll, false) => (null, Refusals.Of(
            StatusCodes.Status403Forbidden, "Not allowed", "Agents for all tenants are the platform's. Leave out the scope for your own.").Answer()),
        _ => (null, Refusals.Malformed("Bad scope", "A scope is tenant or all.").Answer()),
    };
}
