using System.Text.Json;

namespace Agents.Domain.Definitions;

/// <summary>A part of a condition. Its value is null, a bool, a decimal, a string, or a JSON element for what is none of them. A closed family.</summary>
abstract record ConditionNode
{
    private ConditionNode() { }

    public abstract object? Of(ConditionScope scope);

    public sealed record Constant(object? Value) : ConditionNode
    {
        public override object? Of(ConditionScope scope) => Value;
    }

    public sealed record Question : ConditionNode
    {
        public override object? Of(ConditionScope scope) => scope.Question;
    }

    public sealed record Label(string Name) : ConditionNode
    {
        public override object? Of(ConditionScope scope) => scope.LabelOf(Name);
    }

    public sealed record VisitsOf(string Step) : ConditionNode
    {
        public override object? Of(ConditionScope scope) => (decimal)scope.VisitsOf(Step);
    }

    public sealed record Output(string Step, MemberPath Path, bool IsWhole) : ConditionNode
    {
        public override object? Of(ConditionScope scope)
        {
            if (scope.JsonOf(Step) is { } json) return Path.Of(json) is { } member ? Plain(member) : null;
            return IsWhole ? scope.OutputOf(Step) : null;
        }
    }

    public sealed record Size(ConditionNode Operand) : ConditionNode
    {
        public override object? Of(ConditionScope scope) => Operand.Of(scope) switch
        {
            string text => (decimal)text.Length,
            JsonElement { ValueKind: JsonValueKind.Array } list => (decimal)list.GetArrayLength(),
            JsonElement { ValueKind: JsonValueKind.Object } whole => (decimal)whole.GetPropertyCount(),
            _ => 0m,
        };
    }

    public sealed record Not(ConditionNode Operand) : ConditionNode
    {
        public override object? Of(ConditionScope scope) => Operand.Of(scope) is not true;
    }

    public sealed record And(ConditionNode Left, ConditionNode Right) : ConditionNode
    {
        public override object? Of(ConditionScope scope) => Left.Of(scope) is true && Right.Of(scope) is true;
    }

    public sealed record Or(ConditionNode Left, ConditionNode Right) : ConditionNode
    {
        public override object? Of(ConditionScope scope) => Left.Of(scope) is true || Right.Of(scope) is true;
    }

    public sealed record Comparison(ConditionNode Left, string Operator, ConditionNode Right) : ConditionNode
    {
        public override object? Of(ConditionScope scope)
        {
            var (left, right) = (Left.Of(scope), Right.Of(scope));
            return Operator switch
            {
                "==" => AreEqual(left, right),
                "!=" => !AreEqual(left, right),
                "<" => Order(left, right) < 0,
                "<=" => Order(left, right) <= 0,
                ">" => Order(left, right) > 0,
                ">=" => Order(left, right) >= 0,
                _ => Contains(left, right),
            };
        }
    }

    static object? Plain(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.Undefined => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number when value.TryGetDecimal(out var number) => number,
        _ => value,
    };

    static bool AreEqual(object? left, object? right) => (left, right) switch
    {
        (null, null) => true,
        (bool one, bool other) => one == other,
        (decimal one, decimal other) => one == other,
        (string one, string other) => string.Equals(one, other, StringComparison.Ordinal),
        (JsonElement one, JsonElement other) => JsonElement.DeepEquals(one, other),
        _ => false,
    };

    /// <summary>Null when the two have no order.</summary>
    static int? Order(object? left, object? right) => (left, right) switch
    {
        (decimal one, decimal other) => one.CompareTo(other),
        (string one, string other) => string.CompareOrdinal(one, other),
        _ => null,
    };

    static bool Contains(object? whole, object? part) => (whole, part) switch
    {
        (string text, string words) => text.Contains(words, StringComparison.Ordinal),
        (JsonElement { ValueKind: JsonValueKind.Array } list, _) => list.EnumerateArray().Any(item => AreEqual(Plain(item), part)),
        _ => false,
    };
}
