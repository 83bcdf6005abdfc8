using System.Text;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Json.Schema;

namespace Agents.Host.Models.Outputs;

/// <summary>What a validator says of an output, in sentences that a model and a person can act on.</summary>
static class SchemaErrors
{
    /// <summary>Different sentences, the first few, each with its place: <c>$.items[2].price: Value is "string" but should be "number"</c>.</summary>
    public static IReadOnlyList<string> Of(EvaluationResults results) => results.IsValid
        ? []
        : [.. Sentences(results).Distinct().Take(ModelWishes.MostProblems).DefaultIfEmpty("$: It does not fit its schema.")];

    static IEnumerable<string> Sentences(EvaluationResults results) =>
        from one in (results.Details ?? []).Prepend(results)
        where !one.IsValid
        from error in one.Errors ?? Enumerable.Empty<KeyValuePair<string, string>>()
        select Sanitiser.Text($"{PathOf(one.InstanceLocation.ToString())}: {error.Value.TrimEnd('.')}.", ModelWishes.ProblemCharacters);

    /// <summary>As in JSON Path: <c>/items/2/price</c> becomes <c>$.items[2].price</c>.</summary>
    static string PathOf(string pointer)
    {
        var path = new StringBuilder("$");
        foreach (var part in pointer.Split('/').Skip(1))
        {
            var name = part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (name.Length > 0 && name.All(char.IsAsciiDigit)) path.Append('[').Append(name).Append(']');
            else path.Append('.').Append(name);
        }

        return path.ToString();
    }
}
