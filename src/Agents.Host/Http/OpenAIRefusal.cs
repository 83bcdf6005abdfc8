using System.Globalization;
using System.Text.Json.Nodes;
using Agents.Host.Platform;

namespace Agents.Host.Http;

/// <summary>A refusal in OpenAI's shape: <c>{"error":{"message","type","param","code"}}</c>.</summary>
/// <param name="Param">The member of the request that is wrong. Null when it is none.</param>
/// <param name="Code">For programs. Null when the status says all.</param>
/// <param name="RetryAfterSeconds">When it may be tried again. Null when that is not known.</param>
public sealed record OpenAIRefusal(int Status, string Message, string? Param = null, string? Code = null, int? RetryAfterSeconds = null) : IResult
{
    public static OpenAIRefusal UnknownResponse(string id) => new(404, $"Response with id '{id}' not found.", "id", "response_not_found");

    public static OpenAIRefusal Unsupported(string param, string message) => new(400, message, param, "unsupported_parameter");

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        if (IsFinal(Status)) response.Headers["x-should-retry"] = "false"; // OpenAI's clients repeat 409 and 429 otherwise
        if (RetryAfterSeconds is { } seconds) response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        var error = new JsonObject { ["message"] = Message, ["type"] = TypeOf(Status), ["param"] = Param, ["code"] = Code };
        return response.WriteAsJsonAsync(new JsonObject { ["error"] = error }, JsonFormat.Api, httpContext.RequestAborted);
    }

    /// <summary>The same request would be refused again. What is over its rate, or meets a server in trouble, may try again.</summary>
    static bool IsFinal(int status) => status is >= 400 and < 500 and not (408 or 429);

    static string TypeOf(int status) => status switch
    {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };
}
