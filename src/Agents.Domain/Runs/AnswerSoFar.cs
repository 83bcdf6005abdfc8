using System.Text.Json.Serialization;

namespace Agents.Domain.Runs;

/// <summary>What a run answers with if all steps that are left are skipped.</summary>
/// <param name="Text">What a model said last; in a run that has asked none, the output of the step completed last.</param>
/// <param name="Citations">Those of the model's last reply, also for a step at the end that has none of its own.</param>
/// <param name="Incomplete">Why the text is not all that the model would have said, as the provider names it. Null when it is.</param>
/// <param name="Output">The text as JSON, where it fits a schema. Null when it is text.</param>
public sealed record AnswerSoFar(
    string Text, IReadOnlyList<Citation> Citations,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Incomplete = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Output = null)
{
    /// <summary>Of a run that has completed no step.</summary>
    internal static readonly AnswerSoFar None = new("", []);

    internal static AnswerSoFar Of(ModelReply reply) => new(reply.Output ?? reply.Text, reply.Citations, reply.CutBy(), reply.Output);
}
