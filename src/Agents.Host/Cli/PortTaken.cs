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
        var url = Uri.TryCreate((urls ?? Server.DefaultUrl).Split(';')[0], UriKind.Absolute, out var parsed) ? parsed : new(Server.DefaultUrl);
        using var http = ServerConnection.ClientOf(url);
        var isOurs = await ServerUrl.IsOurs(http, CancellationToken.None);
        return Message(url, isOurs, FreePort(url.Port));
    }

    /// <param name="isOurs">An Agents server has it.</param>
    /// <param name="free">A port that is free.</param>
    public static string Message(Uri url, bool isOurs, int free) => isOurs
        ? $"An Agents server runs at {url.Scheme}://{url.Authority} already. Use that one, or start another beside it: "
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
    static int? Listens(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
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
