namespace Agents.Domain.Definitions;

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

    readonly ConditionNode root;

    Condition(ConditionNode root, IReadOnlySet<string> outputs, IReadOnlySet<string> visits) => (this.root, Outputs, Visits) = (root, outputs, visits);

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

        var parser = new ConditionParser(text);
        var root = parser.Whole();
        problem = parser.Problem;
        return root is null || problem is not null ? null : new(root, parser.Outputs, parser.Visits);
    }

    /// <summary>Whether its value is true; one that is no truth value does not hold.</summary>
    public bool Holds(ConditionScope scope) => root.Of(scope) is true;
}
