using Microsoft.AspNetCore.Authentication;

namespace Agents.Host.Http;

public static class Access
{
    public static void AddAccess(this IServiceCollection services)
    {
        services.AddHostedService<BoundAddresses>();
        services.AddSingleton<ServerProof>();
        services.AddSingleton(provider => new KeyRing(provider.GetRequiredService<Npgsql.NpgsqlDataSource>(), provider.GetService<OwnKey>()));
        services.AddAuthentication(KeyAuthentication.SchemeName).AddScheme<AuthenticationSchemeOptions, KeyAuthentication>(
            KeyAuthentication.SchemeName, null);
        services.AddAuthorization(Permissions.AddTo);
        services.AddLogging(log => log.AddFilter(typeof(KeyAuthentication).FullName, LogLevel.Warning)); // what it refuses has its line in RefusalLog
    }
}
