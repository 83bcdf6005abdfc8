using System.Net;

namespace Agents.Host.Models.Wire;

/// <summary>
/// A member of the request that not every compatible server takes. Which form of it the server takes is found out, for each model, by a refusal,
/// which costs an attempt.
/// </summary>
interface ILearnedField
{
    /// <summary>Gives the request the form that the server takes, as far as that is known.</summary>
    Task Write(HttpRequestMessage request, Exchange exchange, CancellationToken ct);

    /// <summary>What the server is sent from the next request on, when a refusal was about this member. Null when it was not.</summary>
    string? Learn(Exchange exchange, HttpStatusCode status, string body);
}
