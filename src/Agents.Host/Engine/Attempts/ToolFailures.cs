using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Agents.Domain.Runs;
using Npgsql;

namespace Agents.Host.Engine.Attempts;

/// <summary>What an exception of a tool means for its call.</summary>
public static class ToolFailures
{
    /// <summary>Longest message kept.</summary>
    const int MessageCharacters = 500;

    /// <summary>What went wrong in a tool, in the run's words; null for the database's own trouble, which is tried again by the message.</summary>
    /// <param name="isClaimed">The tool must not run twice. Its message is worked on only once, so that each failure is reported.</param>
    public static Failure? From(Exception exception, bool isClaimed) => exception switch
    {
        NpgsqlException { IsTransient: true } when isClaimed => Of(FailureKind.Unavailable, exception),
        NpgsqlException { IsTransient: true } or OperationCanceledException => null,
        _ when HadNoEffect(exception) => Of(FailureKind.Unavailable, exception),
        JsonException or ArgumentException => Of(FailureKind.BadArguments, exception),
        TimeoutException => Of(FailureKind.Timeout, exception),
        HttpRequestException { StatusCode: HttpStatusCode.TooManyRequests } => Of(FailureKind.RateLimited, exception),
        HttpRequestException { StatusCode: >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError } =>
            Of(FailureKind.ToolError, exception),
        HttpRequestException => Of(FailureKind.Unavailable, exception),
        _ => Of(FailureKind.ToolError, exception),
    };

    /// <summary>Whether the tool surely did nothing, because nothing was sent: its service refused the connection, or has no address.</summary>
    /// <remarks>Of the call that threw. A tool that calls more than once lets such an exception through only if it is of its first call.</remarks>
    public static bool HadNoEffect(Exception exception) => exception switch
    {
        SocketException
        {
            SocketErrorCode: SocketError.ConnectionRefused or SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData,
        } => true,
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => true,
        HttpRequestException or NpgsqlException => exception.InnerException is { } cause && HadNoEffect(cause),
        _ => false,
    };

    public static Failure Of(FailureKind kind, Exception exception) => new(kind, Sanitiser.Text(exception.Message, MessageCharacters));
}
