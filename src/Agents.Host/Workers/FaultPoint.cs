using System.Diagnostics;

namespace Agents.Host.Workers;

/// <summary>
/// Places where tests make the process die, throw or stop: <c>AGENTS_FAULT=point:nth:kill|throw|pause</c>. Inert without the variable.
/// </summary>
public static class FaultPoint
{
    static readonly string[]? Fault = Environment.GetEnvironmentVariable("AGENTS_FAULT")?.Split(':');
    static int hits;

    /// <summary>Does what the variable asks when this point is reached for the nth time in this process.</summary>
    /// <exception cref="IOException">The fault is <c>throw</c>.</exception>
    public static void Hit(string point)
    {
        if (Fault is not [var name, var nth, var action] || name != point || Interlocked.Increment(ref hits) != int.Parse(nth, null)) return;

        Console.Error.WriteLine($"fault: {action} at {point}");
        switch (action)
        {
            case "kill": Process.GetCurrentProcess().Kill(); Thread.Sleep(Timeout.Infinite); break;
            case "pause": Thread.Sleep(TimeSpan.FromSeconds(30)); break;
            default: throw new IOException($"Fault injected at {point}.");
        }
    }
}
