using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Npgsql;

namespace Agents.Crash.Tests.Scenarios;

/// <summary>
/// Stands on loopback between servers and PostgreSQL, and can lose the reply to a COMMIT: it is passed on and carried out, then the connection breaks
/// before anything of the answer came back.
/// </summary>
/// <remarks>Wire format: PostgreSQL, "Frontend/Backend Protocol". Without TLS, so that the client's messages can be read.</remarks>
sealed class DatabaseProxy : IAsyncDisposable
{
    /// <summary>A client's first messages have no type; this one, the start of protocol 3, is the last of them.</summary>
    const int ProtocolThree = 3;

    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly UnixDomainSocketEndPoint upstream;
    readonly Func<bool> losesReply;
    readonly CancellationTokenSource stopping = new();
    readonly ConcurrentDictionary<Task, byte> passing = [];
    readonly Task accepting;

    /// <param name="losesReply">Asked for each COMMIT that passes.</param>
    public DatabaseProxy(NpgsqlConnectionStringBuilder target, Func<bool> losesReply)
    {
        upstream = new(Path.Combine(target.Host!, $".s.PGSQL.{target.Port}"));
        this.losesReply = losesReply;
        listener.Start();
        ConnectionString = new NpgsqlConnectionStringBuilder(target.ConnectionString)
        {
            Host = "127.0.0.1", Port = ((IPEndPoint)listener.LocalEndpoint).Port, SslMode = SslMode.Disable,
            GssEncryptionMode = GssEncryptionMode.Disable,
        }.ConnectionString;
        accepting = Accept();
    }

    public string ConnectionString { get; }

    async Task Accept()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptSocketAsync(stopping.Token);
                var task = Pass(client);
                passing[task] = 0;
                _ = task.ContinueWith(done => passing.TryRemove(done, out _), TaskScheduler.Default);
            }
        }
        catch (OperationCanceledException)
        {
            // disposed
        }
    }

    async Task Pass(Socket client)
    {
        using var server = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using var broken = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
        using (client)
        {
            try
            {
                client.NoDelay = true;
                await server.ConnectAsync(upstream, broken.Token);
                var link = new Link(client, server);
                await await Task.WhenAny(Forward(link, broken.Token), Back(link, broken.Token));
            }
            catch (Exception e) when (e is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
            {
                // one of the two is gone, and so is the connection
            }

            await broken.CancelAsync();
            client.LingerState = new(enable: true, seconds: 0); // a reset, as from a machine that is gone
        }
    }

    /// <summary>Client to server, message by message.</summary>
    async Task Forward(Link link, CancellationToken ct)
    {
        var commits = new HashSet<string>(StringComparer.Ordinal); // prepared statements that are a COMMIT
        await using var from = new BufferedStream(new NetworkStream(link.Client), 16 * 1024);
        var isStarted = false;
        while (true)
        {
            var head = new byte[isStarted ? 5 : 4];
            if (await from.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, ct) < head.Length) return;
            var body = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(^4)) - 4];
            await from.ReadExactlyAsync(body, ct);
            if (isStarted) link.LosesReply |= IsCommit((char)head[0], body, commits) && losesReply();
            else isStarted = BinaryPrimitives.ReadInt16BigEndian(body) == ProtocolThree;

            await link.Server.SendAsync(head, SocketFlags.None, ct);
            await link.Server.SendAsync(body, SocketFlags.None, ct);
        }
    }

    static async Task Back(Link link, CancellationToken ct)
    {
        var buffer = new byte[32 * 1024];
        while (await link.Server.ReceiveAsync(buffer, SocketFlags.None, ct) is > 0 and var read)
        {
            if (link.LosesReply) return; // what comes is the reply: the client has waited for all earlier ones before it sent the COMMIT
            for (var sent = 0; sent < read;) sent += await link.Client.SendAsync(buffer.AsMemory(sent, read - sent), SocketFlags.None, ct);
        }
    }

    static bool IsCommit(char type, byte[] body, HashSet<string> commits)
    {
        switch (type)
        {
            case 'Q':
                return SaysCommit(Text(body, 0));
            case 'P':
                var name = Text(body, 0);
                if (SaysCommit(Text(body, name.Length + 1))) commits.Add(name);
                else commits.Remove(name);
                return false;
            case 'B':
                return commits.Contains(Text(body, Text(body, 0).Length + 1)); // portal, then statement
            default:
                return false;
        }
    }

    static bool SaysCommit(string sql) => sql.TrimStart().StartsWith("COMMIT", StringComparison.OrdinalIgnoreCase);

    /// <summary>A string ends with a zero byte.</summary>
    static string Text(byte[] body, int at) => Encoding.UTF8.GetString(body, at, Math.Max(0, Array.IndexOf(body, (byte)0, at) - at));

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await accepting;
        listener.Dispose();
        await Task.WhenAll(passing.Keys);
        stopping.Dispose();
    }

    sealed class Link(Socket client, Socket server)
    {
        public Socket Client => client;
        public Socket Server => server;
        public volatile bool LosesReply;
    }
}
