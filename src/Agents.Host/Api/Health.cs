using Agents.Host.Engine.Queue;
using Agents.Host.Http;
using Agents.Host.Platform;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Agents.Host.Api;

/// <summary>
/// <c>/health/live</c>: the process answers. <c>/health/ready</c>: it can also work. <c>/health/proof</c>: it is the one it is taken for.
/// </summary>
public static class Health
{
    const string Ready = "ready";

    public static void AddHealth(this IServiceCollection services) => services.AddHealthChecks().AddCheck<CanWork>("database", tags: [Ready]);

    public static void MapHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false, ResponseWriter = Write }).AllowAnonymous();
        var ready = new HealthCheckOptions { Predicate = check => check.Tags.Contains(Ready), ResponseWriter = Write };
        app.MapHealthChecks("/health/ready", ready).AllowAnonymous();
        app.MapGet("/health/proof", Prove).AllowAnonymous().ExcludeFromDescription();
    }

    /// <summary>For the command line: see <see cref="ServerProof"/>.</summary>
    static IResult Prove(HttpContext http, ServerProof proof, [FromQuery] string? nonce) =>
        nonce is { Length: > 0 and <= ServerProof.NonceCharacters }
        ? Results.Text(ServerProof.Of(proof.Secret, http.Connection.LocalPort, nonce))
        : Refusals.Malformed("Bad nonce", $"A nonce has 1 to {ServerProof.NonceCharacters} characters.").Answer();

    static Task Write(HttpContext context, HealthReport report) => context.Response.WriteAsJsonAsync(new
    {
        Service = "agents",
        Status = report.Status.ToString().ToLowerInvariant(),
        Checks = report.Entries.ToDictionary(
            entry => entry.Key, entry => entry.Value.Description ?? entry.Value.Status.ToString().ToLowerInvariant()),
    });

    sealed class CanWork(NpgsqlDataSource database, Node node, IServiceProvider services) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                await database.First<int>("select 1", null, cancellationToken);
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException)
            {
                return HealthCheckResult.Unhealthy("The database cannot be reached.");
            }

            if (!node.HoldsItsLock) return HealthCheckResult.Unhealthy("This node does not hold its lock yet.");
            return services.GetService<Admission>() is { HasLooked.IsCompleted: false } // null on a node that only answers questions
                ? HealthCheckResult.Unhealthy("This node has not yet taken up what others left.")
                : HealthCheckResult.Healthy("reachable");
        }
    }
}
