namespace Agents.Host.Platform;

static class HostedInstances
{
    /// <summary>One instance, as a service and as a hosted service.</summary>
    public static void AddHostedInstance<T>(this IServiceCollection services) where T : class, IHostedService
    {
        services.AddSingleton<T>();
        services.AddHostedService(provider => provider.GetRequiredService<T>());
    }
}
