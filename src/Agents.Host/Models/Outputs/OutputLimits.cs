namespace Agents.Host.Models.Outputs;

/// <summary>Bounds of schemas, and of the work of holding an output against one, whoever wrote them.</summary>
static class OutputLimits
{
    /// <summary>JSON values in a schema.</summary>
    public const int SchemaValues = 5_000;

    /// <summary>Schemas that are applied to one and the same value, each reached from the one before.</summary>
    public const int InPlace = 32;

    /// <summary>Schemas that are looked at to find out whether an output can fit. Beyond, it is not found out.</summary>
    public const int Looks = 10_000;

    /// <summary>Values of the schema times values of the output, where the schema does not refer to itself.</summary>
    public const long Work = 2_000_000;

    /// <summary>UTF-16 units of the schemas that are kept read; those not asked for longest are forgotten first.</summary>
    public const long KeptCharacters = 4_000_000;

    /// <summary>References, and regular expressions, that are followed while an output is held against a schema.</summary>
    public const int Steps = 100_000;

    /// <summary>How long an output is held against a schema.</summary>
    public static readonly TimeSpan Time = TimeSpan.FromSeconds(1);

    /// <summary>How long one text is held against one regular expression.</summary>
    public static readonly TimeSpan PatternTime = TimeSpan.FromMilliseconds(100);
}
