using System.Globalization;

namespace Agents.Host.Catalog;

/// <summary>How a request names an agent: <c>triage</c>, <c>triage@live</c>, <c>triage@canary</c> or <c>triage@3</c>.</summary>
/// <param name="Alias">Null when none is named.</param>
/// <param name="Version">Null when none is named.</param>
public readonly record struct AgentName(string Name, string? Alias, int? Version)
{
    /// <summary>The alias that the plain name of an agent means.</summary>
    public const string Live = "live";

    /// <summary>Stands for no alias, where one may be named.</summary>
    public const string NoAlias = "none";

    const char Mark = '@';

    /// <summary>It names an alias or a version.</summary>
    public bool IsExact => Alias is not null || Version is not null;

    public static AgentName Parse(string text)
    {
        var at = text.IndexOf(Mark);
        if (at < 0) return new(text, null, null);

        var (name, rest) = (text[..at], text[(at + 1)..]);
        return int.TryParse(rest, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? new(name, null, version)
            : new(name, rest, null);
    }

    /// <summary>An alias is a name that is no number, so that it cannot be taken for a version.</summary>
    public static bool IsAlias(string alias) =>
        Format.DefinitionFormat.IsName(alias) && alias != NoAlias && !alias.All(char.IsAsciiDigit);
}
