using System.Text;
using System.Text.Json;

namespace Agents.Host.Tests.Http.Fuzz;

/// <summary>A piece of JSON that can be spoilt: members may come twice, and values may be no JSON.</summary>
sealed class Node
{
    readonly bool isObject;

    public Node(string raw) => Raw = raw;

    public Node(List<(string? Name, Node Value)> members, bool isObject) => (Members, this.isObject) = (members, isObject);

    /// <summary>Null for an object or array.</summary>
    public string? Raw { get; set; }

    public List<(string? Name, Node Value)> Members { get; } = [];

    public static Node Of(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => new([.. json.EnumerateObject().Select(member => ((string?)member.Name, Of(member.Value)))], true),
        JsonValueKind.Array => new([.. json.EnumerateArray().Select(item => ((string?)null, Of(item)))], false),
        _ => new(json.GetRawText()),
    };

    public Node Copy() => Raw is not null ? new(Raw) : new([.. Members.Select(member => (member.Name, member.Value.Copy()))], isObject);

    /// <summary>This and all below it.</summary>
    public IEnumerable<Node> All() => Members.SelectMany(member => member.Value.All()).Prepend(this);

    public override string ToString()
    {
        if (Raw is not null) return Raw;
        var text = new StringBuilder().Append(isObject ? '{' : '[');
        text.AppendJoin(',', Members.Select(member => member.Name is null ? $"{member.Value}" : $"\"{member.Name}\":{member.Value}"));
        return text.Append(isObject ? '}' : ']').ToString();
    }
}
