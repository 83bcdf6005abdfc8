using System.Text.Json.Nodes;
using Agents.Domain.Runs;
using Agents.Host.Log;
using Agents.Host.Models;

namespace Agents.Host.Api.Responses;

/// <summary>
/// The events of the reply of the step that ends the run, which is the response's text: while the provider sends it, and when it is complete or lost.
/// </summary>
sealed class ReplyEvents(Guid runId, ResponseEvents events)
{
    /// <summary>Numbers kept for the text of a lost attempt: no node knows how much of it another node's reader has seen.</summary>
    const int LostText = ModelLimits.Text;

    OpenReply? open;

    /// <summary>Why the last complete reply ended. Empty before there is one.</summary>
    public string FinishReason { get; private set; } = "";

    /// <summary>An attempt has begun; its reply, if it has text, begins with the next event.</summary>
    public void Begin(int call, int attempt) => open = new(call, attempt, events.Next);

    /// <summary>The attempt had no reply.</summary>
    public void Drop() => open = null;

    /// <summary>A piece of the reply that the provider is sending.</summary>
    public void Add(StreamedItem.Delta piece)
    {
        if (open is not { } reply || (reply.Call, reply.Attempt) != (piece.Call, piece.Attempt) || piece.Text.Length == 0) return;
        if (piece.Offset < reply.Shown)
        {
            open = reply with { Shown = int.MaxValue }; // it begins anew: the complete reply tells the text, under numbers of its own
            return;
        }

        open = reply with { Shown = piece.Offset + piece.Text.Length };
        Announce(reply);
        AddText(reply, reply.From + 1 + piece.Offset, piece.Text);
    }

    /// <summary>The complete reply. Without text it only asked for tools.</summary>
    public void Complete(ModelReply complete)
    {
        if (open is not { } reply) return;

        FinishReason = complete.FinishReason;
        if (complete is { Text.Length: 0, TakenBackCharacters: > 0 })
        {
            Lose(); // readers were shown thought
            return;
        }

        open = null;
        if (complete.Text.Length == 0) return;

        Announce(reply);
        var begin = reply.From + 1 + complete.TakenBackCharacters;
        AddText(reply, begin, complete.Text);
        events.Next = begin + 1 + complete.Text.Length;
        var (id, index, annotations) = (IdOf(reply), events.Items.Count, ResponseJson.Annotations(complete));
        foreach (var (position, annotation) in annotations.Index())
            events.Add(
                "response.output_text.annotation.added", OfPart(id, index, ("annotation_index", position), ("annotation", annotation.DeepClone())));
        events.Add("response.output_text.done", OfPart(id, index, ("text", complete.Text), ("logprobs", new JsonArray())));
        events.Add("response.content_part.done", OfPart(id, index, ("part", ResponseJson.TextPart(complete.Text, annotations))));
        events.Complete(ResponseJson.Message(id, "completed", ResponseJson.TextPart(complete.Text, annotations)));
    }

    /// <summary>
    /// An attempt whose reply broke off, or never came: it stays as an unfinished message without text, whether or not a reader saw some of it.
    /// </summary>
    public void Lose()
    {
        if (open is not { } reply) return;

        open = null;
        Announce(reply);
        events.Next = reply.From + 2 + LostText;
        events.Complete(ResponseJson.Message(IdOf(reply), "incomplete", ResponseJson.TextPart("", [])));
    }

    void Announce(OpenReply reply)
    {
        var (id, index) = (IdOf(reply), events.Items.Count);
        events.Next = reply.From;
        events.Add("response.output_item.added", new() { ["output_index"] = index, ["item"] = ResponseJson.Message(id, "in_progress", null) });
        events.Add("response.content_part.added", OfPart(id, index, ("part", ResponseJson.TextPart("", []))));
    }

    /// <param name="from">The number before the piece's first character.</param>
    void AddText(OpenReply reply, long from, string piece) => events.AddText(
        "response.output_text.delta", from, piece.Length, OfPart(IdOf(reply), events.Items.Count, ("delta", piece), ("logprobs", new JsonArray())));

    string IdOf(OpenReply reply) => ResponseJson.MessageId(runId, reply.Call, reply.Attempt);

    static JsonObject OfPart(string itemId, int index, params (string Name, JsonNode? Value)[] members)
    {
        var data = new JsonObject { ["item_id"] = itemId, ["output_index"] = index, ["content_index"] = 0 };
        foreach (var (name, value) in members) data[name] = value;
        return data;
    }

    /// <summary>A reply that is not complete yet.</summary>
    /// <param name="From">The number of the event that announces it; its text begins two later.</param>
    /// <param name="Shown">UTF-16 units that were told of its text.</param>
    sealed record OpenReply(int Call, int Attempt, long From, int Shown = 0);
}
