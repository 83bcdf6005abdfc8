using System.Text;

namespace Agents.Host.Log;

/// <summary>One frame of a stream of server-sent events.</summary>
/// <param name="Id">What a client sends back as <c>Last-Event-ID</c>. Null leaves the last one standing.</param>
/// <param name="Event">Null for a plain message.</param>
/// <param name="Data">One line. Null makes the frame a comment, which keeps the connection open; with an id, a client takes the id.</param>
public sealed record Frame(string? Id, string? Event, string? Data)
{
    public static readonly Frame Heartbeat = new(null, null, null);

    /// <summary>The last frame of every stream, as OpenAI's clients expect it.</summary>
    public static readonly Frame Done = new(null, null, "[DONE]");

    byte[]? bytes;

    /// <summary>As it goes over the wire; made once, however many readers get it.</summary>
    internal ReadOnlyMemory<byte> Bytes => bytes ??= Encoding.UTF8.GetBytes(Text());

    string Text()
    {
        if (Data is null) return Id is null ? ": still here\n\n" : $"id: {Id}\n: still here\n\n";

        var text = new StringBuilder();
        if (Id is not null) text.Append("id: ").Append(Id).Append('\n');
        if (Event is not null) text.Append("event: ").Append(Event).Append('\n');
        return text.Append("data: ").Append(Data).Append("\n\n").ToString();
    }
}
