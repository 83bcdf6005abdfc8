using System.Net;
using System.Net.Sockets;

namespace Agents.Host.Cli;

/// <summary>What is said when the server cannot listen because its port is taken: by whom, and which port is free.</summary>
public static class PortTaken
{
    /// <summary>So many ports behind the taken one are tried.</summary>
    const int MostTried = 50;

    /// <param name="urls">The addresses that were wanted. Null for the default.</param>
    public static async Task<string> Message(string? urls)
    {
        var wanted = (urls ?? Server.DefaultUrl).Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(BindingAddress.Parse).ToList();
        var taken = wanted.Find(address => Listens(address.Port, IpOf(address)) is null) ?? wanted[0];
        using var http = ServerConnection.ClientOf(WhereToAsk(taken));
        var isOurs = await ServerUrl.IsOurs(http, CancellationToken.None);
        return Message(taken, isOurs, FreePort(taken.Port));
    }

    /// <summary>What the server listens on for such an address: where its host is neither an address nor this machine, everywhere.</summary>
    static IPAddress IpOf(BindingAddress address) => IPAddress.TryParse(address.Host, out var ip) ? ip
        : address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback : IPAddress.Any;

    static Uri WhereToAsk(BindingAddress address) =>
        new($"{address.Scheme}://{(IpOf(address).Equals(IPAddress.Any) ? "127.0.0.1" : address.Host)}:{address.Port}");

    /// <param name="isOurs">An Agents server has it.</param>
    /// <param name="free">A port that is free.</param>
    static string Message(BindingAddress url, bool isOurs, int free) => isOurs
        ? $"An Agents server runs at {WhereToAsk(url).GetLeftPart(UriPartial.Authority)} already. Use that one, or start another beside it: "
            + $"agents serve --urls {url.Scheme}://{url.Host}:{free}"
        : $"Port {url.Port} is taken by another program. Choose another one: agents serve --urls {url.Scheme}://{url.Host}:{free}";

    /// <summary>The next one that can be listened on; any other when none of those is free.</summary>
    public static int FreePort(int taken)
    {
        for (var port = taken + 1; port <= Math.Min(taken + MostTried, ushort.MaxValue); port++)
            if (Listens(port) is { } free) return free;
        return Listens(0) ?? taken;
    }

    /// <summary>The port, if it is free; of 0, one that is.</summary>
    static int? Listens(int port) => Listens(port, IPAddress.Loopback);

    static int? Listens(int port, IPAddress ip)
    {
        using var listener = new TcpListener(ip, port);
        try
        {
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
