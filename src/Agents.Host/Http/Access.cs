using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Agents.Host.Http;

public static class Access
{
    public static void AddAccess(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(new Reach(ListenAddresses.Beyond(configuration) is null));
        services.AddSingleton(provider => new KeyRing(provider.GetRequiredService<Npgsql.NpgsqlDataSource>(), provider.GetService<OwnKey>()));
        services.AddAuthentication(KeyAuthentication.SchemeName).AddScheme<AuthenticationSchemeOptions, KeyAuthentication>(
            KeyAuthentication.SchemeName, null);
        services.AddAuthorization(Permissions.AddTo);
    }
}
