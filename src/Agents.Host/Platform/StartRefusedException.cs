namespace Agents.Host.Platform;

/// <summary>The server does not start with these settings. The message says what to change.</summary>
public sealed class StartRefusedException(string message) : Exception(message);
