namespace Agents.Host.Cli;

/// <summary>The settings a server of this call would read, without a server.</summary>
static class Settings
{
    public static IConfiguration Of(Call call) => WebApplication.CreateBuilder(new WebApplicationOptions
    {
        Args = ["--data", call.Data, .. call.ServerSettings],
        ContentRootPath = AppContext.BaseDirectory,
    }).Configuration;
}
