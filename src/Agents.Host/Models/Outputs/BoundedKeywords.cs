using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Json.Schema;
using Json.Schema.Keywords;

namespace Agents.Host.Models.Outputs;

/// <summary>The keywords of draft 2020-12 that schemas of outputs may use. References and regular expressions heed a time limit.</summary>
/// <remarks>Between two references the work is bounded by the sizes of schema and output.</remarks>
static class BoundedKeywords
{
    /// <summary>What is not in this list says nothing: titles, examples, formats.</summary>
    public static readonly Dialect Dialect = new(
        AdditionalPropertiesKeyword.Instance, AllOfKeyword.Instance, AnyOfKeyword.Instance, ConstKeyword.Instance, ContainsKeyword.Instance,
        DefsKeyword.Instance, DependentRequiredKeyword.Instance, DependentSchemasKeyword.Instance, ElseKeyword.Instance, EnumKeyword.Instance,
        ExclusiveMaximumKeyword.Instance, ExclusiveMinimumKeyword.Instance, IfKeyword.Instance, ItemsKeyword.Instance,
        MaxContainsKeyword.Instance, MaximumKeyword.Instance, MaxItemsKeyword.Instance, MaxLengthKeyword.Instance,
        MaxPropertiesKeyword.Instance, MinContainsKeyword.Instance, MinimumKeyword.Instance, MinItemsKeyword.Instance, MinLengthKeyword.Instance,
        MinPropertiesKeyword.Instance, MultipleOfKeyword.Instance, NotKeyword.Instance, OneOfKeyword.Instance, new BoundedPattern(),
        PatternPropertiesKeyword.Instance, PrefixItemsKeyword.Instance, PropertiesKeyword.Instance, PropertyNamesKeyword.Instance, new BoundedRef(),
        RequiredKeyword.Instance, ThenKeyword.Instance, TypeKeyword.Instance, UnevaluatedItemsKeyword.Instance,
        UnevaluatedPropertiesKeyword.Instance, UniqueItemsKeyword.Instance) { AllowUnknownKeywords = true };

    /// <summary>Flows from the check to the keywords, which take no arguments of ours.</summary>
    static readonly AsyncLocal<Bound?> Current = new();

    /// <summary>From now on the checks of this flow end in time.</summary>
    public static IDisposable Begin() => Current.Value = new();

    static void Check()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        Current.Value?.Check();
    }

    /// <summary>What is left of the time and the steps of one check.</summary>
    sealed class Bound : IDisposable
    {
        readonly long startedAt = Stopwatch.GetTimestamp();
        int steps;

        public void Check()
        {
            if (++steps > OutputLimits.Steps || Stopwatch.GetElapsedTime(startedAt) > OutputLimits.Time)
                throw new TimeoutException("An output was held against its schema for too long.");
        }

        public void Dispose() => Current.Value = null;
    }

    sealed class BoundedRef : RefKeyword
    {
        public override KeywordEvaluation Evaluate(KeywordData keyword, EvaluationContext context)
        {
            Check();
            return base.Evaluate(keyword, context);
        }
    }

    /// <summary>In the regular expressions of ECMAScript, as far as .NET knows them.</summary>
    sealed class BoundedPattern : PatternKeyword
    {
        public override object? ValidateKeywordValue(JsonElement value)
        {
            if (value.ValueKind is not JsonValueKind.String) throw new JsonSchemaException("'pattern' must be a string.");

            var pattern = value.GetString()!;
            try
            {
                return new Regex(pattern, RegexOptions.ECMAScript, OutputLimits.PatternTime);
            }
            catch (ArgumentException)
            {
                // Such as \p{L}, which ECMAScript knows, and .NET's form of it does not.
                return new Regex(pattern, RegexOptions.CultureInvariant, OutputLimits.PatternTime);
            }
        }

        public override KeywordEvaluation Evaluate(KeywordData keyword, EvaluationContext context)
        {
            Check();
            return base.Evaluate(keyword, context);
        }
    }
}
