using System.Net;
using Agents.Host.Platform;
using Agents.Host.Postgres;

namespace Agents.Host.Http;

/// <summary>Where the server may listen: beyond this machine only if there are keys, because without keys every caller may do everything.</summary>
public static class ListenAddresses
{
    /// <summary>An address that is reached from other machines. Null when there is none.</summary>
    public static string? Beyond(IConfiguration configuration) => Configured(configuration).FirstOrDefault(address => !IsLoopback(address));

    /// <exception cref="StartRefusedException">An address is reached from other machines, and there are no keys.</exception>
    public static async Task RefuseBeyondLoopback(IConfiguration configuration, Func<Task<bool>> hasKeys)
    {
        if (Beyond(configuration) is { } open && !await hasKeys()) throw Refusal(open);
    }

    /// <param name="open">The address that is reached from other machines.</param>
    public static StartRefusedException Refusal(string open) => new(
        $"The server does not listen on {open}: there are no API keys yet, so every caller who reaches it could do everything. "
        + "Make one (agents keys create --role platform), or listen on 127.0.0.1.");

    /// <summary>The same for the keys of this database, which is let go when the server does not start.</summary>
    /// <param name="needsDatabase">False for commands that only look at the code: there are no keys then.</param>
    public static async Task RefuseBeyondLoopback(IConfiguration configuration, DatabaseConnection database, bool needsDatabase)
    {
        try
        {
            await RefuseBeyondLoopback(
                configuration, async () => needsDatabase && await KeyStore.HasKeys(database.ConnectionString, CancellationToken.None));
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    public static bool IsLoopback(string address)
    {
        try
        {
            var binding = BindingAddress.Parse(address);
            return binding.IsUnixPipe || binding.IsNamedPipe || binding.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
                || (IPAddress.TryParse(binding.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
        }
        catch (FormatException)
        {
            return false;
        }
    }

    static IEnumerable<string> Configured(IConfiguration configuration) => (configuration["urls"] ?? "")
        .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Concat(configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => endpoint["Url"]).OfType<string>());
}
