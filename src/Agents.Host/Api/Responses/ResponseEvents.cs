using System.Text.Json.Nodes;

namespace Agents.Host.Api.Responses;

/// <summary>The events of one response in their order, each with its number, and the items that the response holds so far.</summary>
/// <param name="response">The whole response as it is now, for the events that carry it.</param>
sealed class ResponseEvents(Func<JsonObject> response)
{
    const string ArgumentsDone = "mcp_call_arguments.done";

    readonly List<JsonObject> items = [];
    List<ResponseEvent> added = [];
    bool isWanted;

    /// <summary>The items of the response, complete ones only.</summary>
    public IReadOnlyList<JsonObject> Items => items;

    /// <summary>The number of the next event. Texts reserve a range of numbers, so it may be moved forward.</summary>
    public long Next { get; set; }

    /// <summary>Begins a response without events and items.</summary>
    /// <param name="isWanted">False for a response whose events are counted only: its reader wants a later one of the run.</param>
    public void Begin(bool isWanted)
    {
        this.isWanted = isWanted;
        Next = 0;
        items.Clear();
    }

    /// <summary>The events that were added since the last call.</summary>
    public IReadOnlyList<ResponseEvent> TakeAdded()
    {
        var taken = added;
        added = [];
        return taken;
    }

    /// <summary>An event that carries the whole response.</summary>
    public void Add(string type)
    {
        if (isWanted) Add(type, new() { ["response"] = response() });
        else Next++;
    }

    public void Add(string type, JsonObject data)
    {
        if (isWanted) added.Add(ResponseJson.Event(Next, type, data));
        Next++;
    }

    /// <summary>A piece of a text. It has the number of its last character, in the range that the text has reserved.</summary>
    /// <param name="from">The number before the piece's first character.</param>
    public void AddText(string type, long from, int length, JsonObject data)
    {
        if (isWanted) added.Add(ResponseJson.Event(from + length, type, data, from));
    }

    /// <summary>An item from its first event to its last.</summary>
    /// <param name="done">The item when it is complete. Null when it is so from the start.</param>
    /// <param name="between">Types of the events between the first and the last, without their prefix.</param>
    public void AddItem(JsonObject begun, JsonObject? done, params string[] between)
    {
        Add("response.output_item.added", new() { ["output_index"] = items.Count, ["item"] = begun.DeepClone() });
        foreach (var type in between)
        {
            var data = new JsonObject { ["item_id"] = begun["id"]!.DeepClone(), ["output_index"] = items.Count };
            if (type == ArgumentsDone) data["arguments"] = begun["arguments"]!.DeepClone();
            Add("response." + type, data);
        }

        Complete(done ?? begun);
    }

    /// <summary>The last event of an item, which belongs to the response from now on.</summary>
    public void Complete(JsonObject item)
    {
        Add("response.output_item.done", new() { ["output_index"] = items.Count, ["item"] = item.DeepClone() });
        items.Add(item);
    }
}
