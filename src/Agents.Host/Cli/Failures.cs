using Agents.Host.Platform;
using Agents.Host.Postgres;
using Microsoft.AspNetCore.Connections;
using Npgsql;

namespace Agents.Host.Cli;

/// <summary>What an exception means for the person at the terminal: one line, and an exit code.</summary>
public static class Failures
{
    public static (int ExitCode, string Message) Of(Exception exception) => exception switch
    {
        VerbException e => (e.ExitCode, e.Message),
        OperationCanceledException => (ExitCodes.Interrupted, "Interrupted."),
        StartRefusedException e => (ExitCodes.Usage, e.Message),
        EmbeddedServerException e => (ExitCodes.Unreachable, e.Message),
        AddressInUseException e => (ExitCodes.Unreachable, e.Message),
        PostgresException e => (ExitCodes.Unreachable, $"PostgreSQL refuses: {e.MessageText}"),
        NpgsqlException e => (ExitCodes.Unreachable, $"The database cannot be reached: {(e.InnerException ?? e).Message}"),
        HttpRequestException e => (ExitCodes.Unreachable, $"The server cannot be reached: {e.Message}"),
        _ when exception.InnerException is { } inner && Of(inner) is { ExitCode: not ExitCodes.Failed } known => known,
        _ => (ExitCodes.Failed, exception.Message),
    };
}
