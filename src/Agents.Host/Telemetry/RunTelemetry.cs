using System.Diagnostics;
using System.Diagnostics.Metrics;
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

    /// <summary>Work sent again because a node was gone or messages were lost; none in calm operation.</summary>
    public static readonly Counter<long> Redrives = Meter.CreateCounter<long>("agents.watchdog.redrives", "{run}");

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        if (builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is not { Length: > 0 }) return; // spans that nobody collects cost a tenth of a step

        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("agents"))
            .WithTracing(tracing => tracing.AddSource(Name, "Wolverine", "Experimental.Microsoft.Extensions.AI").AddAspNetCoreInstrumentation().AddNpgsql())
            .WithMetrics(metrics => metrics.AddMeter(Name, "Marten", "Wolverine:*", "Npgsql").AddAspNetCoreInstrumentation())
            .UseOtlpExporter();
    }
}
