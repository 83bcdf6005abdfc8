using Agents.Host.Workers;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Agents.Host.Operations;

/// <summary><c>/health/live</c>: the process answers. <c>/health/ready</c>: it can also work.</summary>
public static class Health
{
    const string Ready = "ready";

    public static void AddHealth(this IServiceCollection services) => services.AddHealthChecks().AddCheck<CanWork>("database", tags: [Ready]);

    public static void MapHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false, ResponseWriter = Write }).AllowAnonymous();
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains(Ready), ResponseWriter = Write }).AllowAnonymous();
    }

    static Task Write(HttpContext context, HealthReport report) => context.Response.WriteAsJsonAsync(new
    {
        Service = "agents",
        Status = report.Status.ToString().ToLowerInvariant(),
        Checks = report.Entries.ToDictionary(entry => entry.Key, entry => entry.Value.Description ?? entry.Value.Status.ToString().ToLowerInvariant()),
    });

    sealed class CanWork(NpgsqlDataSource database, Node node) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                await using var command = database.CreateCommand("select 1");
                await command.ExecuteScalarAsync(cancellationToken);
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException)
            {
                return HealthCheckResult.Unhealthy("The database cannot be reached.");
            }

            return node.HoldsItsLock ? HealthCheckResult.Healthy("reachable") : HealthCheckResult.Unhealthy("This node does not hold its lock yet.");
        }
    }
}
