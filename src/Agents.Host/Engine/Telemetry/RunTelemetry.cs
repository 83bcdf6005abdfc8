using System.Diagnostics;
using System.Diagnostics.Metrics;
using Agents.Domain.Runs;
using Agents.Host.Http;
using Agents.Host.Platform;
using Npgsql;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Agents.Host.Engine.Telemetry;

/// <summary>
/// Traces and metrics by OpenTelemetry: exported over OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set, metrics also at <c>GET /metrics</c> when
/// <c>Telemetry:Prometheus</c> is true. Prompts and answers are never in them.
/// </summary>
public static class RunTelemetry
{
    public const string Name = "Agents";

    /// <summary>
    /// Durations and token counts of calls by OpenTelemetry's own names. Its spans are not collected: those of calls are ours, which know the cost.
    /// </summary>
    const string OfModels = "Experimental.Microsoft.Extensions.AI";

    public static readonly ActivitySource Source = new(Name);

    internal static readonly Meter Meter = new(Name);

    /// <summary>Runs whose work was sent again: taken over from a node that is gone, resumed, or stalled because messages were lost.</summary>
    public static readonly Counter<long> Redrives = Meter.CreateCounter<long>("agents.watchdog.redrives", "{run}");

    /// <summary>Things that a duty could not see to, and rounds that failed as a whole, by duty.</summary>
    internal static readonly Counter<long> DutyFailures = Meter.CreateCounter<long>("agents.duty.failures", "{failure}");

    /// <summary>Runs that ended, by agent and status.</summary>
    internal static readonly Counter<long> Runs = Meter.CreateCounter<long>("agents.runs.ended", "{run}");

    /// <summary>The span of a tool call; null when no collector listens.</summary>
    public static Activity? Tool(Run run, string tool, RunTool work)
    {
        var operation = tool == SearchTool ? "retrieval" : "execute_tool";
        return Begin(run.TraceParent, $"{operation} {tool}", ActivityKind.Internal)?
            .SetTag("gen_ai.operation.name", operation).SetTag("gen_ai.tool.name", tool).SetTag("gen_ai.tool.call.id", work.ToolCallId)
            .SetTag("gen_ai.conversation.id", run.Id).SetTag("agents.run.id", run.Id).SetTag("agents.attempt", work.Attempt);
    }

    /// <summary>A span of the run's trace, whichever process and however long after the request.</summary>
    internal static Activity? Begin(string? traceParent, string name, ActivityKind kind, DateTimeOffset startTime = default) =>
        ActivityContext.TryParse(traceParent, null, isRemote: true, out var parent)
            ? Source.StartActivity(name, kind, parent, startTime: startTime)
            : Source.StartActivity(name, kind, default(ActivityContext), startTime: startTime);

    const string SearchTool = "search_documents";

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        var hasCollector = builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 };
        var isScraped = IsScraped(builder.Configuration);
        if (!hasCollector && !isScraped) return; // nothing is collected

        builder.Services.AddHostedService<QueueMetrics>();
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("agents"))
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(Name, OfModels, "Marten", "Wolverine:*", "Npgsql").AddAspNetCoreInstrumentation();
                if (isScraped) metrics.AddPrometheusExporter();
            });
        if (!hasCollector) return;

        telemetry.WithTracing(tracing => tracing.AddSource(Name, "Wolverine").AddAspNetCoreInstrumentation().AddNpgsql()).UseOtlpExporter();
    }

    /// <summary><c>GET /metrics</c> for Prometheus, when it is wanted. It tells of all tenants, by name and with what they cost.</summary>
    public static void MapMetrics(this WebApplication app)
    {
        if (IsScraped(app.Configuration)) app.MapPrometheusScrapingEndpoint("/metrics").RequireAuthorization(Permissions.Metrics);
    }

    static readonly FlagSetting Prometheus = new("Telemetry:Prometheus");

    public static IReadOnlyList<Setting> Settings => [Prometheus];

    static bool IsScraped(IConfiguration configuration) => Prometheus.Read(configuration);
}
