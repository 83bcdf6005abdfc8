using System.Text;
using System.Text.Json;
using Agents.Host.Models.Wire;

namespace Agents.Host.Models;

/// <summary>
/// The tool calls of one reply, put together from their pieces, with the arguments as the model wrote them. Servers number calls wrongly or not at
/// all, give several one number, name one under several, and send a whole call again at the end.
/// </summary>
sealed class WrittenCalls
{
    readonly List<Call> calls = [];

    /// <summary>The first piece of the latest call that is beyond the limit. Null when there is none.</summary>
    ToolCallPiece? dropped;

    /// <summary>There were more calls, or longer arguments, than <see cref="ModelLimits"/> allows.</summary>
    public bool IsCut { get; private set; }

    public bool Any() => calls.Count > 0;

    public void Add(ToolCallPiece piece)
    {
        if (dropped is not null && piece is { Id: null, Name: null } && piece.Index == dropped.Index) return;

        var known = Known(piece);
        var call = known is not null && IsMoreOf(known, piece) ? known : null;
        if (call is null)
        {
            if (calls.Count == ModelLimits.ToolRequests)
            {
                (IsCut, dropped) = (true, piece);
                return;
            }

            calls.Add(call = new() { Name = piece.Id is not null && piece.Id == known?.Id ? known.Name : "" });
        }

        call.Append(piece);
    }

    /// <summary>Name and arguments of each call, in the order of their numbers; one that came twice once.</summary>
    public IReadOnlyList<(string Name, string Arguments)> Whole()
    {
        var whole = new List<Call>();
        foreach (var call in calls.OrderBy(call => call.Numbers.FirstOrDefault()))
            if (!whole.Any(earlier => earlier.IsSaidAgainBy(call))) whole.Add(call);
        return [.. whole.Select(call => (call.Name, call.Arguments.ToString()))];
    }

    /// <summary>The latest call of that id; else of that number; else, without both, the latest.</summary>
    Call? Known(ToolCallPiece piece) =>
        (piece.Id is null ? null : calls.FindLast(call => call.Id == piece.Id))
        ?? (piece.Index is null ? calls.LastOrDefault() : calls.FindLast(call => call.Numbers.Contains(piece.Index.Value)));

    /// <summary>Whether a piece belongs to a call, and does not begin another one, or the same once more.</summary>
    static bool IsMoreOf(Call call, ToolCallPiece piece)
    {
        if (piece.Id is not null && call.Id is not null && piece.Id != call.Id && piece.Name is not null) return false;
        if (piece.Name is not null && call.Name.Length > 0 && piece.Name != call.Name) return false;

        var isAnew = piece.Name is not null || (piece.Id is not null && !string.IsNullOrWhiteSpace(piece.Arguments));
        return !isAnew || !call.IsWhole() || (piece.Name is null && call.Arguments.ToString() == "{}"); // which held the place
    }

    sealed class Call
    {
        public string Name { get; set; } = "";
        public string? Id { get; private set; }

        /// <summary>Those it was given; none when the provider numbers no calls.</summary>
        public List<long> Numbers { get; } = [];

        public StringBuilder Arguments { get; } = new();

        /// <summary>Takes one unit of arguments more than is allowed, so that the cut shows.</summary>
        public void Append(ToolCallPiece piece)
        {
            if (Name.Length == 0) Name = piece.Name ?? "";
            Id ??= piece.Id;
            if (piece.Index is { } number && Numbers.Count < ModelLimits.ToolRequests && !Numbers.Contains(number)) Numbers.Add(number);

            var more = piece.Arguments ?? "";
            if (Arguments.Length == 2 && more.TrimStart().StartsWith('{') && Arguments.ToString() == "{}") Arguments.Clear(); // it held the place
            Arguments.Append(more.AsSpan(0, Math.Min(more.Length, ModelLimits.Arguments + 1 - Arguments.Length)));
        }

        /// <summary>Its arguments are a JSON object, so that nothing can follow.</summary>
        public bool IsWhole() => Arguments.Length > 1 && Json() is { ValueKind: JsonValueKind.Object };

        /// <summary>One call under one id, or without ids at one place, said twice.</summary>
        public bool IsSaidAgainBy(Call later) =>
            Id == later.Id && Name == later.Name && (Id is not null || Numbers.SequenceEqual(later.Numbers))
            && (Arguments.ToString() == later.Arguments.ToString() || (Id is not null && later.Arguments.Length == 0)
                || (Json() is { } left && later.Json() is { } right && AreSame(left, right)));

        /// <summary>What has half of a surrogate pair in it cannot be compared.</summary>
        static bool AreSame(JsonElement left, JsonElement right)
        {
            try
            {
                return JsonElement.DeepEquals(left, right);
            }
            catch (InvalidOperationException)
            {
                return false;
            }
        }

        /// <summary>Null when it is none, also because of half of a surrogate pair, whose other half may come with the next piece.</summary>
        JsonElement? Json()
        {
            try
            {
                using var document = JsonDocument.Parse(Arguments.ToString());
                return document.RootElement.Clone();
            }
            catch (Exception e) when (e is JsonException or ArgumentException)
            {
                return null;
            }
        }
    }
}
