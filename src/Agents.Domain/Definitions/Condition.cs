using System.Text.Json;

namespace Agents.Domain.Definitions;

/// <summary>What a condition may look at.</summary>
/// <param name="LabelOf">The run's label by its name. Null when it has none.</param>
/// <param name="OutputOf">The latest output of a step by the step's name. Null when the step was not completed.</param>
/// <param name="VisitsOf">How often the run has taken a step, by the step's name.</param>
public sealed record ConditionScope(
    string Question, Func<string, string?> LabelOf, Func<string, string?> OutputOf, Func<string, int> VisitsOf);

/// <summary>
/// The text of <see cref="StepDefinition.When"/>, read: comparisons of the question, labels, outputs of steps and counts of visits, and no code.
/// </summary>
/// <remarks>
/// Joined by <c>or</c>, <c>and</c> and <c>not</c> (also <c>||</c>, <c>&amp;&amp;</c>, <c>!</c>) and by parentheses; <c>not</c> binds closest, then
/// <c>and</c>. Compared by <c>== != &lt; &lt;= &gt; &gt;= contains</c>. Values: texts in quotes of either kind, decimals, <c>true</c>,
/// <c>false</c>, <c>null</c>, <c>question</c>, <c>label.NAME</c>, <c>output.STEP</c>, <c>output.STEP.member[0]</c>, <c>visits.STEP</c> and
/// <c>size(value)</c>; a name that is no word stands in brackets, as in <c>output["first draft"]</c>. Evaluating never fails: a member that is not
/// there is null, and values of different types are neither equal nor less nor greater.
/// </remarks>
public sealed class Condition
{
    /// <summary>Longest text, in UTF-16 units.</summary>
    public const int MostCharacters = 2_000;

    /// <summary>Deepest nesting of parentheses, <c>not</c> and <c>size</c>.</summary>
    public const int MostNesting = 32;

    readonly Node root;

    Condition(Node root, IReadOnlySet<string> outputs, IReadOnlySet<string> visits) => (this.root, Outputs, Visits) = (root, outputs, visits);

    /// <summary>Names of the steps whose outputs it looks at.</summary>
    public IReadOnlySet<string> Outputs { get; }

    /// <summary>Names of the steps whose visits it looks at.</summary>
    public IReadOnlySet<string> Visits { get; }

    /// <summary>Null when the text is no condition.</summary>
    /// <param name="problem">Where it is wrong and what is expected there. Null when nothing is.</param>
    public static Condition? Parse(string text, out string? problem)
    {
        problem = text.Length > MostCharacters ? $"A condition has at most {MostCharacters:N0} characters." : null;
        if (problem is not null) return null;

        var parser = new Parser(text);
        var root = parser.Whole();
        problem = parser.Problem;
        return root is null || problem is not null ? null : new(root, parser.Outputs, parser.Visits);
    }

    /// <summary>Whether its value is true; one that is no truth value does not hold.</summary>
    public bool Holds(ConditionScope scope) => root.Of(scope) is true;

    /// <summary>A part of a condition. Its value is null, a bool, a decimal, a string, or a JSON element for what is none of them.</summary>
    abstract record Node
    {
        public abstract object? Of(ConditionScope scope);
    }

    sealed record Constant(object? Value) : Node
    {
        public override object? Of(ConditionScope scope) => Value;
    }

    sealed record Question : Node
    {
        public override object? Of(ConditionScope scope) => scope.Question;
    }

    sealed record Label(string Name) : Node
    {
        public override object? Of(ConditionScope scope) => scope.LabelOf(Name);
    }

    sealed record VisitsOf(string Step) : Node
    {
        public override object? Of(ConditionScope scope) => (decimal)scope.VisitsOf(Step);
    }

    sealed record Output(string Step, MemberPath Path, bool IsWhole) : Node
    {
        public override object? Of(ConditionScope scope)
        {
            if (scope.OutputOf(Step) is not { } text) return null;
            if (OutputJson.Read(text) is { } json) return Path.Of(json) is { } member ? Plain(member) : null;
            return IsWhole ? text : null;
        }
    }

    sealed record Size(Node Operand) : Node
    {
        public override object? Of(ConditionScope scope) => Operand.Of(scope) switch
        {
            string text => (decimal)text.Length,
            JsonElement { ValueKind: JsonValueKind.Array } list => (decimal)list.GetArrayLength(),
            JsonElement { ValueKind: JsonValueKind.Object } whole => (decimal)whole.GetPropertyCount(),
            _ => 0m,
        };
    }

    sealed record Not(Node Operand) : Node
    {
        public override object? Of(ConditionScope scope) => Operand.Of(scope) is not true;
    }

    sealed record And(Node Left, Node Right) : Node
    {
        public override object? Of(ConditionScope scope) => Left.Of(scope) is true && Right.Of(scope) is true;
    }

    sealed record Or(Node Left, Node Right) : Node
    {
        public override object? Of(ConditionScope scope) => Left.Of(scope) is true || Right.Of(scope) is true;
    }

    sealed record Comparison(Node Left, string Operator, Node Right) : Node
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

    /// <summary>One method for each rule of the grammar; null after a mistake.</summary>
    sealed class Parser(string text)
    {
        static readonly string[] Operators = ["==", "!=", "<=", ">=", "<", ">"];

        readonly TextScanner scanner = new(text);
        int nesting;

        public HashSet<string> Outputs { get; } = new(StringComparer.Ordinal);

        public HashSet<string> Visits { get; } = new(StringComparer.Ordinal);

        public string? Problem => scanner.Problem;

        public Node? Whole()
        {
            var whole = AnyOf();
            if (whole is not null && !scanner.IsAtEnd()) scanner.Expect("\"and\", \"or\", a comparison or the end");
            return whole;
        }

        Node? AnyOf()
        {
            var left = AllOf();
            while (left is not null && (scanner.TakesWord("or") || scanner.Takes("||")))
                left = AllOf() is { } right ? new Or(left, right) : null;
            return left;
        }

        Node? AllOf()
        {
            var left = Negation();
            while (left is not null && (scanner.TakesWord("and") || scanner.Takes("&&")))
                left = Negation() is { } right ? new And(left, right) : null;
            return left;
        }

        Node? Negation() => scanner.TakesWord("not") || scanner.Takes("!")
            ? Nested(Negation) is { } operand ? new Not(operand) : null
            : Compared();

        Node? Compared()
        {
            if (Operand() is not { } left) return null;
            var compared = Array.Find(Operators, scanner.Takes) ?? (scanner.TakesWord("contains") ? "contains" : null);
            if (compared is null) return left;
            return Operand() is { } right ? new Comparison(left, compared, right) : null;
        }

        Node? Operand()
        {
            if (scanner.Takes("(")) return Closed(Nested(AnyOf));
            if (scanner.Quoted() is { } words) return new Constant(words);
            if (scanner.Number() is { } number) return new Constant(number);
            if (scanner.TakesWord("true")) return new Constant(true);
            if (scanner.TakesWord("false")) return new Constant(false);
            if (scanner.TakesWord("null")) return new Constant(null);
            if (scanner.TakesWord("question")) return new Question();
            if (scanner.TakesWord("label")) return Named("a label") is { } label ? new Label(label) : null;
            if (scanner.TakesWord("visits")) return Visited();
            if (scanner.TakesWord("output")) return OutputOf();
            if (scanner.TakesWord("size")) return SizeOf();

            scanner.Expect("a value");
            return null;
        }

        VisitsOf? Visited()
        {
            if (Named("a step") is not { } step) return null;
            Visits.Add(step);
            return new(step);
        }

        Output? OutputOf()
        {
            if (Named("a step") is not { } step) return null;
            Outputs.Add(step);
            List<object> parts = [];
            return new(step, MemberPath.Rest(scanner, parts), IsWhole: parts.Count == 0);
        }

        Size? SizeOf()
        {
            if (scanner.Takes("(")) return Closed(Nested(Operand)) is { } operand ? new(operand) : null;
            scanner.Expect("\"(\"");
            return null;
        }

        /// <summary>A dot and a word, or any text in brackets.</summary>
        string? Named(string what)
        {
            var isBracketed = scanner.TakesHere("[");
            var name = isBracketed ? scanner.Quoted() : scanner.TakesHere(".") ? scanner.Name() : null;
            if (name is null) scanner.Expect($"the name of {what}, as .name or [\"name\"],");
            else if (isBracketed && !scanner.Takes("]")) scanner.Expect("\"]\"");
            return name;
        }

        Node? Closed(Node? inner)
        {
            if (inner is not null && !scanner.Takes(")")) scanner.Expect("\")\"");
            return inner;
        }

        Node? Nested(Func<Node?> rule)
        {
            if (++nesting > MostNesting) scanner.Refuse($"it is nested more than {MostNesting} deep");
            var inner = scanner.Problem is null ? rule() : null;
            nesting--;
            return inner;
        }
    }
}
