using Agents.Domain.Runs;
using Agents.Host.Platform;
using Wolverine;
using Wolverine.Configuration;
using Wolverine.Runtime;

namespace Agents.Host.Engine;

/// <summary>Refuses to start with settings under which work is lost or done twice, also when the operator changed them.</summary>
public sealed class SafeSettings(IWolverineRuntime runtime) : IHostedService
{
    /// <exception cref="StartRefusedException">A setting is unsafe; the message names it and says what would happen.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (Problems(runtime.Options).ToList() is { Count: > 0 } problems) throw new StartRefusedException(string.Join(" ", problems));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>In sentences; empty when all is well.</summary>
    public static IEnumerable<string> Problems(WolverineOptions options)
    {
        if (options.Durability.Mode is not (DurabilityMode.Balanced or DurabilityMode.MediatorOnly))
            yield return $"Durability.Mode is {options.Durability.Mode}: a node that thinks itself alone takes the messages "
                + "of living nodes. Use Balanced.";
        if (options.EnvelopeIdGeneration is not EnvelopeIdGeneration.GuidV7)
            yield return $"EnvelopeIdGeneration is {options.EnvelopeIdGeneration}: ids of two processes collide, and a message that "
                + "collides is dropped. Use GuidV7.";
        if (options.Durability.Mode is DurabilityMode.MediatorOnly) yield break; // such a node takes no messages
        foreach (var message in new[] { typeof(EndChild), typeof(SettleFork) })
            if (options.Transports.AllEndpoints().Where(queue => queue.EndpointName == WolverineSettings.NameOf(message))
                .ToList() is not [{ Mode: EndpointMode.Durable }])
                yield return $"The queue of {message.Name} is not durable: kill -9 would lose its messages silently.";
    }
}
