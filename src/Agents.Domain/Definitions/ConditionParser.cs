namespace Agents.Domain.Definitions;

/// <summary>Reads the text of a condition: one method for each rule of its grammar, null after a mistake.</summary>
sealed class ConditionParser(string text)
{
    static readonly string[] Operators = ["==", "!=", "<=", ">=", "<", ">"];

    readonly TextScanner scanner = new(text);
    int nesting;

    public HashSet<string> Outputs { get; } = new(StringComparer.Ordinal);

    public HashSet<string> Visits { get; } = new(StringComparer.Ordinal);

    public string? Problem => scanner.Problem;

    public ConditionNode? Whole()
    {
        var whole = AnyOf();
        if (whole is not null && !scanner.IsAtEnd()) scanner.Expect("\"and\", \"or\", a comparison or the end");
        return whole;
    }

    ConditionNode? AnyOf()
    {
        var left = AllOf();
        while (left is not null && (scanner.TakesWord("or") || scanner.Takes("||")))
            left = AllOf() is { } right ? new ConditionNode.Or(left, right) : null;
        return left;
    }

    ConditionNode? AllOf()
    {
        var left = Negation();
        while (left is not null && (scanner.TakesWord("and") || scanner.Takes("&&")))
            left = Negation() is { } right ? new ConditionNode.And(left, right) : null;
        return left;
    }

    ConditionNode? Negation() => scanner.TakesWord("not") || scanner.Takes("!")
        ? Nested(Negation) is { } operand ? new ConditionNode.Not(operand) : null
        : Compared();

    ConditionNode? Compared()
    {
        if (Operand() is not { } left) return null;
        var compared = Array.Find(Operators, scanner.Takes) ?? (scanner.TakesWord("contains") ? "contains" : null);
        if (compared is null) return left;
        return Operand() is { } right ? new ConditionNode.Comparison(left, compared, right) : null;
    }

    ConditionNode? Operand()
    {
        if (scanner.Takes("(")) return Closed(Nested(AnyOf));
        if (scanner.Quoted() is { } words) return new ConditionNode.Constant(words);
        if (scanner.Number() is { } number) return new ConditionNode.Constant(number);
        if (scanner.TakesWord("true")) return new ConditionNode.Constant(true);
        if (scanner.TakesWord("false")) return new ConditionNode.Constant(false);
        if (scanner.TakesWord("null")) return new ConditionNode.Constant(null);
        if (scanner.TakesWord("question")) return new ConditionNode.Question();
        if (scanner.TakesWord("label")) return Named("a label") is { } label ? new ConditionNode.Label(label) : null;
        if (scanner.TakesWord("visits")) return Visited();
        if (scanner.TakesWord("output")) return OutputOf();
        if (scanner.TakesWord("size")) return SizeOf();

        scanner.Expect("a value");
        return null;
    }

    ConditionNode.VisitsOf? Visited()
    {
        if (Named("a step") is not { } step) return null;
        Visits.Add(step);
        return new(step);
    }

    ConditionNode.Output? OutputOf()
    {
        if (Named("a step") is not { } step) return null;
        Outputs.Add(step);
        List<object> parts = [];
        return new(step, MemberPath.Rest(scanner, parts), IsWhole: parts.Count == 0);
    }

    ConditionNode.Size? SizeOf()
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

    ConditionNode? Closed(ConditionNode? inner)
    {
        if (inner is not null && !scanner.Takes(")")) scanner.Expect("\")\"");
        return inner;
    }

    ConditionNode? Nested(Func<ConditionNode?> rule)
    {
        if (++nesting > Condition.MostNesting) scanner.Refuse($"it is nested more than {Condition.MostNesting} deep");
        var inner = scanner.Problem is null ? rule() : null;
        nesting--;
        return inner;
    }
}
