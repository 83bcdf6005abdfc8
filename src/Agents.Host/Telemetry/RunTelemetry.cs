using System.Diagnostics;
using System.Diagnostics.Metrics;
using Agents.Domain.Runs;
using Npgsql;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Agents.Host.Telemetry;

/// <summary>Traces and metrics by OpenTelemetry, exported over OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set. Prompts and answers are never in them.</summary>
public static class RunTelemetry
{
    public const string Name = "Agents";

    public static readonly ActivitySource Source = new(Name);

    static readonly Meter Meter = new(Name);

    /// <summary>Runs whose work was sent again: taken over from a node that is gone, resumed, or stalled because messages were lost.</summary>
    public static readonly Counter<long> Redrives = Meter.CreateCounter<long>("agents.watchdog.redrives", "{run}");

    /// <summary>The span of a tool call; null when nobody listens. Model calls have spans of Microsoft.Extensions.AI.</summary>
    public static Activity? Tool(string tool, RunTool work) => Source.StartActivity($"execute_tool {tool}")?
        .SetTag("gen_ai.operation.name", "execute_tool").SetTag("gen_ai.tool.name", tool).SetTag("gen_ai.tool.call.id", work.ToolCallId)
        .SetTag("agents.run.id", work.RunId).SetTag("agents.attempt", work.Attempt);

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        if (builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is not { Length: > 0 }) return; // nobody would collect the spans

        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("agents"))
            .WithTracing(tracing => tracing.AddSource(Name, "Wolverine", "Experimental.Microsoft.Extensions.AI").AddAspNetCoreInstrumentation().AddNpgsql())
            .WithMetrics(metrics => metrics.AddMeter(Name, "Marten", "Wolverine:*", "Npgsql").AddAspNetCoreInstrumentation())
            .UseOtlpExporter();
    }
}
