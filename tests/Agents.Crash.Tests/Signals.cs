using System.Diagnostics;

namespace Agents.Crash.Tests;

/// <summary>Signals that .NET cannot send itself.</summary>
static class Signals
{
    /// <param name="name">Without SIG, such as <c>STOP</c>.</param>
    public static void Send(int process, string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{process}"]);
        kill.WaitForExit();
    }
}
