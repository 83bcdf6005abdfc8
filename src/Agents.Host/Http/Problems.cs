using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Npgsql;

namespace Agents.Host.Http;

/// <summary>Turns what goes wrong below the endpoints into problem details: never a stack trace, always something to act on.</summary>
public static class Problems
{
    /// <summary>Seconds after which a caller may try again when the database is away.</summary>
    const string RetryAfterSeconds = "2";

    public static void AddProblems(this IServiceCollection services)
    {
        services.AddSingleton<IProblemDetailsWriter, ProblemShape>(); // before the default writer, which takes every problem that reaches it
        services.AddProblemDetails(options => options.CustomizeProblemDetails = context =>
            context.ProblemDetails.Detail ??= DetailOf(context.ProblemDetails.Status));
        services.AddExceptionHandler<Mapping>();
    }

    /// <summary>What helps with a refusal of the framework, which tells the status alone. Null when the status says all.</summary>
    public static string? DetailOf(int? status) => status switch
    {
        StatusCodes.Status405MethodNotAllowed => "The header Allow names the methods of this address.",
        StatusCodes.Status415UnsupportedMediaType => "The body must be JSON, with the header content-type: application/json.",
        _ => null,
    };

    sealed class Mapping(IProblemDetailsService problems, ILogger<Mapping> log) : IExceptionHandler
    {
        public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
        {
            var problem = Of(exception);
            if (problem.Status == StatusCodes.Status500InternalServerError) log.LogError(exception, "{Path} failed", httpContext.Request.Path);
            if (problem.Status == StatusCodes.Status503ServiceUnavailable) httpContext.Response.Headers.RetryAfter = RetryAfterSeconds;

            httpContext.Response.StatusCode = problem.Status!.Value;
            return await problems.TryWriteAsync(new() { HttpContext = httpContext, ProblemDetails = problem });
        }
    }

    static ProblemDetails Of(Exception exception) => exception switch
    {
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } or InvalidDataException => new()
        {
            Status = 413, Title = "Request too large", Detail = "A request may have 1 MiB, a document 32 MiB.",
        },
        BadHttpRequestException { InnerException: JsonException json } => Malformed(json),
        BadHttpRequestException e => new() { Status = e.StatusCode, Title = "Bad request", Detail = e.Message },
        JsonException json => Malformed(json),
        _ when IsDatabaseAway(exception) => new()
        {
            Status = 503, Title = "Database unavailable", Detail = "Nothing was stored. Try again in a few seconds.",
        },
        _ => new() { Status = 500, Title = "Unexpected error", Detail = "Nothing was stored. The server's log has the details." },
    };

    static ProblemDetails Malformed(JsonException json) => new()
    {
        Status = 400,
        Title = "Malformed JSON",
        Detail = json.Message switch // the library tells these apart in words only
        {
            var words when words.Contains("could not be mapped", StringComparison.Ordinal) => $"Unknown member {json.Path}.",
            var words when words.Contains("uplicate propert", StringComparison.Ordinal) => $"A member is named twice, at {json.Path ?? "$"}.",
            var words when words.Contains("allow null", StringComparison.Ordinal) => $"A member is null that must not be, at {json.Path ?? "$"}.",
            _ => $"The body is not the JSON that was expected, at {json.Path ?? "$"}, line {(json.LineNumber ?? 0) + 1}.",
        },
    };

    static bool IsDatabaseAway(Exception? exception) => exception switch
    {
        null => false,
        PostgresException e =>
            e.SqlState.StartsWith("57P", StringComparison.Ordinal) || e.SqlState.StartsWith("08", StringComparison.Ordinal) || e.SqlState == "53300",
        NpgsqlException or TimeoutException => true,
        _ => IsDatabaseAway(exception.InnerException),
    };
}
