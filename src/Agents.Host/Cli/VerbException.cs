namespace Agents.Host.Cli;

/// <summary>A verb cannot do what was asked. The message is all that is shown, so it says what to do.</summary>
public sealed class VerbException(int exitCode, string message, Exception? cause = null) : Exception(message, cause)
{
    public int ExitCode { get; } = exitCode;
}
