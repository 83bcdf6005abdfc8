using System.Diagnostics;
using System.Globalization;

namespace Agents.Host.Platform;

/// <summary>
/// Places where tests make the process die, throw or stop: <c>AGENTS_FAULT=point:nth:kill|throw|pause</c>, and <c>pause</c> may name its seconds, as
/// in
/// <c>msg-received:2:pause:5</c> (30 when it does not). The nth time that the process comes to the point counts, once. Inert without the variable.
/// </summary>
/// <remarks>
/// In the order of a run:
/// <list type="table">
/// <item><term>http-accepted</term><description>The run is stored, its 202 not sent.</description></item>
/// <item><term>before-start-commit</term><description>Admitted, the run's row locked, nothing stored.</description></item>
/// <item><term>after-start-commit</term><description>The start is stored with its first message.</description></item>
/// <item><term>msg-received</term><description>A handler has its message and has looked at nothing.</description></item>
/// <item><term>before-intent-commit</term><description>The request is made up, the claim not tried. Model calls only.</description></item>
/// <item><term>lease-taken</term><description>The claim is decided under the run's row lock and not stored; there is no lease besides. Model calls
/// only.</description></item>
/// <item><term>after-intent-commit</term><description>The claim is stored, the request not sent. Model calls only.</description></item>
/// <item><term>request-sent</term><description>The moment at which the request goes out, or the tool runs.</description></item>
/// <item><term>first-token</term><description>The first piece of the reply has come. Model calls only.</description></item>
/// <item><term>reply-complete</term><description>The reply or the tool's result is here, nothing is stored.</description></item>
/// <item><term>before-outcome-commit</term><description>All that follows is decided under the run's row lock and not stored.</description></item>
/// <item><term>after-outcome-commit</term><description>The outcome and the next message are stored, and no reader and no other
/// call of this process knows it yet.</description></item>
/// <item><term>before-cascade-dispatch</term><description>Followers and calls in flight know it; the next message is not in the queue of this
/// process.</description></item>
/// <item><term>sse-flush</term><description>A frame of a stream is written and not flushed.</description></item>
/// </list>
/// </remarks>
public static class FaultPoint
{
    static readonly string[]? Fault = Environment.GetEnvironmentVariable("AGENTS_FAULT")?.Split(':');
    static int hits;

    /// <summary>Does what the variable asks when this point is reached for the nth time in this process.</summary>
    /// <exception cref="IOException">The fault is <c>throw</c>.</exception>
    public static void Hit(string point)
    {
        if (Fault is not [
            var name, var nth, var action, .. var seconds] || name != point || Interlocked.Increment(ref hits) != int.Parse(nth,
            CultureInfo.InvariantCulture)) return;

        Console.Error.WriteLine($"fault: {action} at {point}");
        switch (action)
        {
            case "kill": Process.GetCurrentProcess().Kill(); Thread.Sleep(Timeout.Infinite); break;
            case "pause": Thread.Sleep(TimeSpan.FromSeconds(seconds is [var length] ? double.Parse(
                length, CultureInfo.InvariantCulture) : 30)); break;
            default: throw new IOException($"Fault injected at {point}.");
        }
    }
}
