using System.Text;
using Agents.Host.Log;
using Agents.Host.Models;

namespace Agents.Host.Engine.Signals;

/// <summary>
/// The text of one attempt of a model call as far as it has come, at most <see cref="ModelLimits.Text"/>. Written by one, read by many.
/// </summary>
public sealed class ReplyText(int call, int attempt)
{
    /// <summary>UTF-16 units of one delta.</summary>
    const int MostInOne = 16 * 1024;

    readonly StringBuilder text = new();
    StreamedItem.Delta? latest;

    public int Call => call;

    public int Attempt => attempt;

    /// <summary>UTF-16 units.</summary>
    public int Length
    {
        get { lock (text) return text.Length; }
    }

    public void Append(string piece)
    {
        lock (text) text.Append(piece.AsSpan(0, Math.Min(piece.Length, ModelLimits.Text - text.Length)));
    }

    /// <summary>
    /// Adds a piece that stands at an offset; what is known already is passed over, and so is what leaves a gap. Whether the text grew.
    /// </summary>
    public bool Add(int offset, string piece)
    {
        lock (text)
        {
            var known = text.Length - offset;
            if (known < 0 || known >= piece.Length) return false;
            Append(piece[known..]);
            return true;
        }
    }

    /// <summary>The next piece from an offset on; null when there is no more yet. Readers that are equally far share it.</summary>
    public StreamedItem.Delta? From(int offset)
    {
        lock (text)
        {
            if (offset >= text.Length) return null;
            if (latest is { } shared && shared.Offset == offset && offset + shared.Text.Length == text.Length) return shared;

            var length = Math.Min(text.Length - offset, MostInOne);
            if (length == MostInOne && char.IsHighSurrogate(text[offset + length - 1])) length--;
            return latest = new(call, attempt, offset, text.ToString(offset, length));
        }
    }
}
