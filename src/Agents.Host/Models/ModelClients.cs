using System.Collections.Concurrent;
using Microsoft.Extensions.AI;

namespace Agents.Host.Models;

/// <summary>One client for each entry, for the life of the server.</summary>
/// <param name="main">That of section <c>Models</c>.</param>
public sealed class ModelClients(IChatClient main) : IDisposable
{
    readonly ConcurrentDictionary<string, IChatClient> named = new(StringComparer.Ordinal);

    public IChatClient Of(ModelOptions entry) => entry.Entry is { } name ? named.GetOrAdd(name, _ => Create(entry)) : main;

    public static IChatClient Create(ModelOptions entry) => ChatClients.Create(entry).AsBuilder().UseOpenTelemetry().Build();

    public void Dispose()
    {
        foreach (var client in named.Values) client.Dispose();
    }
}
