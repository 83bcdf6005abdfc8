using System.Net;
using System.Text.Json;
using Agents.Domain.Runs;
using Npgsql;

namespace Agents.Host.Engine.Attempts;

static class ToolFailures
{
    /// <summary>Longest message kept.</summary>
    const int MessageCharacters = 500;

    /// <summary>What went wrong in a tool, in the run's words; null for the database's own trouble, which is tried again by the message.</summary>
    public static Failure? From(Exception exception) => exception switch
    {
        NpgsqlException { IsTransient: true } or OperationCanceledException => null,
        JsonException or ArgumentException => Of(FailureKind.BadArguments, exception),
        TimeoutException => Of(FailureKind.Timeout, exception),
        HttpRequestException { StatusCode: HttpStatusCode.TooManyRequests } => Of(FailureKind.RateLimited, exception),
        HttpRequestException { StatusCode: >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError } => Of(FailureKind.ToolError, exception),
        HttpRequestException => Of(FailureKind.Unavailable, exception),
        _ => Of(FailureKind.ToolError, exception),
    };

    public static Failure Of(FailureKind kind, Exception exception) => new(kind, Sanitiser.Text(exception.Message, MessageCharacters));
}
