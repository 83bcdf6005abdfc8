using Agents.Host.Platform;
using Agents.Host.Streaming;

namespace Agents.Host;

/// <summary>Runs as streams of events.</summary>
static class StreamingServices
{
    public static void AddStreaming(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddHostedInstance<RunHubs>();
        services.AddHostedInstance<Departures>();
        services.AddHostedInstance<Tail>();
        services.AddSingleton<RunFollower>();
        services.AddSingleton<TenantFollower>();
    }
}
