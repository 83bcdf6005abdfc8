using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Serialization;

namespace Agents.Domain.Runs;

/// <summary>The wait under way.</summary>
/// <param name="Wait">Ordinal of the wait within the run, from 1.</param>
/// <param name="Signal">The signal that ends it. Null when none does.</param>
/// <param name="Until">When it ends at the latest. Null when no such time was set.</param>
/// <param name="For">How long it may take from its beginning. Null when no such time was set.</param>
public sealed record Waiting(
    int Wait, string? Signal,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? Until = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] TimeSpan? For = null)
{
    /// <summary>Whether its time will come. If not, only its signal, or the end of the run, ends it.</summary>
    public bool HasTime() => Until is not null || For is not null;
}

/// <summary>What ended a wait. Stored by name: add, never rename.</summary>
public enum WaitEnd
{
    /// <summary>Its time came.</summary>
    Time,

    /// <summary>Its signal came, or had come before.</summary>
    Signal,
}

/// <summary>The signals that a run was sent.</summary>
/// <param name="Kept">Those that no wait has used yet, in the order in which they came.</param>
/// <param name="Ids">Of those that were sent with an id.</param>
/// <param name="Count">All that ever came.</param>
public sealed record ReceivedSignals(ImmutableList<KeptSignal> Kept, ImmutableList<KnownSignal> Ids, int Count)
{
    public static readonly ReceivedSignals None = new([], [], 0);

    /// <summary>The oldest of this name that no wait has used. Null when there is none.</summary>
    public KeptSignal? First(string name) => Kept.Find(kept => kept.Name == name);

    /// <summary>The signal that came with this id. Null when none did.</summary>
    public KnownSignal? Known(string id) => Ids.Find(known => known.Id == id);

    /// <param name="isAwaited">Whether a wait for it is under way, which it ends.</param>
    internal ReceivedSignals After(SignalReceived e, bool isAwaited) => new(
        Kept.Add(new(e.Name, e.Payload)), e.SignalId is { } id ? Ids.Add(new(id, e.Name, isAwaited)) : Ids, Count + 1);

    internal ReceivedSignals Without(KeptSignal? used) => used is null ? this : this with { Kept = Kept.Remove(used) };
}

/// <summary>A signal that no wait has used yet.</summary>
public sealed record KeptSignal(string Name, string Payload)
{
    /// <summary>Of the payload in UTF-8.</summary>
    public int Bytes() => Encoding.UTF8.GetByteCount(Payload);
}

/// <summary>A signal that must not count twice.</summary>
/// <param name="Id">The sender's.</param>
/// <param name="EndedAWait">Whether it ended a wait when it came; else it was kept.</param>
public sealed record KnownSignal(string Id, string Name, bool EndedAWait);

/// <summary>What a signal may be.</summary>
public static class SignalBounds
{
    public const int NameCharacters = 64;

    /// <summary>Of one payload in UTF-8.</summary>
    public const int PayloadBytes = 64 * 1024;

    /// <summary>Signals that a run keeps until a wait uses them.</summary>
    public const int MostKept = 64;

    /// <summary>Of the payloads of all kept signals, in UTF-8.</summary>
    public const int KeptBytes = 256 * 1024;

    /// <summary>Signals that a run takes in all.</summary>
    public const int MostReceived = 1_000;

    /// <summary>Whether it is 1 to 64 of lower-case letters, digits, <c>_</c>, <c>.</c> and <c>-</c>.</summary>
    public static bool IsName(string name) => name.Length is > 0 and <= NameCharacters
        && name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter is '_' or '.' or '-');
}
