namespace Agents.Host.Models;

/// <summary>How much of one model reply is taken in. What is beyond is cut, and the call says so.</summary>
public static class ModelLimits
{
    /// <summary>UTF-16 units of text.</summary>
    public const int Text = 256 * 1024;

    public const int ToolRequests = 64;

    /// <summary>UTF-16 units of one tool request's arguments.</summary>
    public const int Arguments = 64 * 1024;

    public const int Citations = 256;

    /// <summary>UTF-16 units of a name, id, title or finish reason.</summary>
    public const int Name = 256;

    /// <summary>UTF-16 units of a quoted snippet.</summary>
    public const int Snippet = 4096;

    /// <summary>UTF-16 units of the provider's own usage report.</summary>
    public const int RawUsage = 4096;

    /// <summary>UTF-16 units that are kept of the text of a reply that is not whole.</summary>
    public const int TextSoFar = 16 * 1024;

    /// <summary>How long a reply that is whole is waited for, for its usage, when the provider does not say that no more comes.</summary>
    public static readonly TimeSpan AfterTheEnd = TimeSpan.FromSeconds(3);

    /// <summary>UTF-16 units of a failure's message.</summary>
    public const int FailureMessage = 500;

    /// <summary>Bytes of one reply on the wire; beyond, the stream counts as cut. Mostly framing: four letters take 300 bytes.</summary>
    public const long WireBytes = 64L * 1024 * 1024;

    /// <summary>Bytes between two line ends on the wire, because the SDKs hold a line in memory; beyond, the stream counts as cut.</summary>
    public const int WireLineBytes = 4 * 1024 * 1024;

    /// <summary>Bytes of an error's body that are read.</summary>
    public const int ErrorBodyBytes = 64 * 1024;

    /// <summary>Sent to Anthropic, which wants a bound, when a call names none.</summary>
    public const int AnthropicOutputTokens = 4096;
}
