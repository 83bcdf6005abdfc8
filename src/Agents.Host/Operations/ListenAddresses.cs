using System.Net;

namespace Agents.Host.Operations;

/// <summary>Where the server may listen. Whoever reaches it may do everything, so only this machine may.</summary>
public static class ListenAddresses
{
    /// <exception cref="StartRefusedException">An address is reached from other machines.</exception>
    public static void RefuseBeyondLoopback(IConfiguration configuration)
    {
        if (Configured(configuration).FirstOrDefault(address => !IsLoopback(address)) is { } open)
            throw new StartRefusedException(
                $"The server does not listen on {open}: there are no API keys yet, so everybody who reaches it could do everything. "
                + "Listen on 127.0.0.1, and put a proxy that asks who is there before it.");
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
