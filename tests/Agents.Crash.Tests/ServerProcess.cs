using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Agents.Crash.Tests.Scenarios;
using Agents.Host.Http;

namespace Agents.Crash.Tests;

/// <summary>The server as a process of its own, to be killed.</summary>
public sealed class ServerProcess : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>The newest lines are kept.</summary>
    const int MostLines = 2_000;

    /// <summary>A setting that puts the process into a network namespace of this name.</summary>
    public const string Network = "AGENTS_NETWORK";

    /// <summary>A setting that names the folder of another build of the server, such as a published one.</summary>
    public const string Folder = "AGENTS_SERVER_FOLDER";

    readonly Process process;
    readonly Queue<string> output = new();
    volatile bool isDisposed;

    ServerProcess(Process process, Uri address)
    {
        this.process = process;
        Client = new() { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };
        Client.DefaultRequestHeaders.Add(PageGuard.ClientHeader, "tests");
        Runs = new(Client, () => Output);
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
    }

    public HttpClient Client { get; }

    public RunsOf Runs { get; }

    /// <summary>Stands in the middle of the node's name in facts.</summary>
    public int Id => process.Id;

    /// <summary>Everything the process wrote, for the message of a test that failed.</summary>
    public string Output
    {
        get { lock (output) return string.Join('\n', output); }
    }

    /// <summary>Starts the server and waits until it can work.</summary>
    /// <param name="settings">Environment variables.</param>
    public static async Task<ServerProcess> Start(string connection, Uri provider, params (string Name, string Value)[] settings)
    {
        var server = Launch(connection, provider, settings);
        try
        {
            await server.Ready();
            return server;
        }
        catch
        {
            await server.DisposeAsync(); // or it would go on for ever, and slow down all tests after it
            throw;
        }
    }

    /// <summary>Starts the server and does not wait for it.</summary>
    public static ServerProcess Launch(string connection, Uri provider, params (string Name, string Value)[] settings)
    {
        var address = $"http://127.0.0.1:{FreePort()}";
        var network = ValueOf(Network);
        var start = new ProcessStartInfo(network is null ? "dotnet" : "ip") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = AppContext.BaseDirectory };
        foreach (var part in network is null ? [] : new[] { "netns", "exec", network, "dotnet" }) start.ArgumentList.Add(part);
        foreach (var part in settings.Any(setting => setting.Name == AddedAgents.Variable) ? AddedAgents.Runtime() : []) start.ArgumentList.Add(part);
        start.ArgumentList.Add(Path.Combine(ValueOf(Folder) ?? AppContext.BaseDirectory, "Agents.Host.dll"));
        start.ArgumentList.Add("--urls");
        start.ArgumentList.Add(address);
        start.Environment["ConnectionStrings__agents"] = connection;
        start.Environment["Models__Provider"] = "openai";
        start.Environment["Models__Endpoint"] = provider.ToString();
        start.Environment["Models__ApiKey"] = "test";
        start.Environment["DOTNET_TieredPGO"] = "0"; // a server that lives for seconds gains nothing from counting its own calls
        foreach (var (name, value) in settings) start.Environment[name] = value;

        var server = new ServerProcess(Process.Start(start)!, new(address));
        server.process.BeginOutputReadLine();
        server.process.BeginErrorReadLine();
        return server;

        string? ValueOf(string setting) => settings.FirstOrDefault(one => one.Name == setting).Value;
    }

    public bool HasExited => isDisposed || process.HasExited;

    /// <summary>SIGSTOP, or SIGCONT to go on: the process stands still as if its machine had no time for it.</summary>
    public void Signal(string name) => Signals.Send(process.Id, name);

    /// <summary>SIGKILL: nothing of the process runs any more, not even a finally.</summary>
    public async Task Kill()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>Whether the planned fault has struck.</summary>
    /// <param name="action">kill, throw or pause.</param>
    public bool WasStruck(string action) => Output.Contains($"fault: {action} at ", StringComparison.Ordinal);

    /// <summary>Waits until a planned fault has ended the process.</summary>
    public async Task Died()
    {
        using var patience = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(patience.Token);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!process.HasExited) await Kill();
        isDisposed = true;
        process.Dispose();
    }

    /// <summary>Waits until the server can work.</summary>
    /// <exception cref="InvalidOperationException">It ended, or took too long.</exception>
    public async Task Ready()
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var answer = await Client.GetAsync("/health/ready");
                if (answer.IsSuccessStatusCode) return;
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                // not listening yet, or ended, which is seen below
            }

            if (process.HasExited || waited.Elapsed > Patience) throw new InvalidOperationException($"The server did not start.\n{Output}");
            await Task.Delay(50);
        }
    }

    void Keep(string? line)
    {
        if (line is null) return;
        lock (output)
        {
            output.Enqueue(line);
            if (output.Count > MostLines) output.Dequeue();
        }
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
