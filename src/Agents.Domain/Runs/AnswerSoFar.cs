using System.Text.Json.Serialization;

namespace Agents.Domain.Runs;

/// <summary>What a run answers with if it takes no further step.</summary>
/// <param name="Text">The output of the step completed last, of those with which the run may end.</param>
/// <param name="Citations">Those of the model's last reply; a step without a model has none of its own.</param>
/// <param name="Incomplete">Why the text is not all that the model would have said, as the provider names it. Null when it is.</param>
public sealed record AnswerSoFar(
    string Text, IReadOnlyList<Citation> Citations,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Incomplete = null)
{
    /// <summary>Of a run that has completed no step.</summary>
    internal static readonly AnswerSoFar None = new("", []);
}
