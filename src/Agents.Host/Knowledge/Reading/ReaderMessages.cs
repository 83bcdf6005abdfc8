using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Agents.Host.Knowledge.Reading;

/// <summary>Asks a reading process for a document; its bytes follow.</summary>
/// <param name="MediaType">As the sender says; null when unknown.</param>
sealed record ReadRequest(string Name, string? MediaType, int Bytes, KnowledgeLimits Limits);

/// <summary>A part of the answer: some passages, then the end, or why there is none.</summary>
/// <param name="End">The document without its passages; null before the last part.</param>
/// <param name="Failure">For people; null unless the document cannot be read.</param>
/// <param name="IsOver">Whether the process ends with this, for it may be short of memory.</param>
sealed record ReadAnswer(IReadOnlyList<SplitPassage>? Passages = null, ReadDocument? End = null, string? Failure = null, bool IsOver = false);

/// <summary>How messages become bytes between the two processes: the length as four bytes, the lowest first, then JSON.</summary>
[JsonSerializable(typeof(ReadRequest))]
[JsonSerializable(typeof(ReadAnswer))]
sealed partial class ReaderMessages : JsonSerializerContext
{
    /// <summary>Longest message, in bytes.</summary>
    public const int Longest = 4 * 1024 * 1024;

    /// <summary>Most passages in one message; each has at most 2,000 characters under headings of a few hundred.</summary>
    public const int PassagesAtOnce = 100;

    /// <summary>Text is written as it is, not for a web page.</summary>
    public static readonly ReaderMessages Plain = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
