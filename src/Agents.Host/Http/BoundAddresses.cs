using Agents.Host.Postgres;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Agents.Host.Http;

/// <summary>
/// Ends a server that listens where other machines reach it while there are no keys. It looks at what was bound: there are more ways to say where to
/// listen than <see cref="ListenAddresses"/> knows before the start.
/// </summary>
sealed class BoundAddresses(IServer server, DatabaseConnection database) : IHostedLifecycleService
{
    /// <exception cref="Platform.StartRefusedException">An address is reached from other machines, and there are no keys.</exception>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        var bound = server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        if (bound.FirstOrDefault(address => !ListenAddresses.IsLoopback(address)) is { } open
            && !await KeyStore.HasKeys(database.ConnectionString, cancellationToken))
            throw ListenAddresses.Refusal(open);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
