using Agents.Domain.Runs;
using Agents.Host.Http;

namespace Agents.Host.Engine.Queue;

/// <summary>
/// What a limit or a pause is about, as URLs name it: the word for everything, or a kind, a colon and a name, such as <c>tenant:acme</c>.
/// </summary>
/// <param name="Value">Empty for everything.</param>
public sealed record Scope(string Kind, string Value)
{
    const int ValueCharacters = 200;

    const string OfTenant = "tenant";

    /// <summary>The caller's own tenant.</summary>
    public static Scope Of(Caller caller) => new(OfTenant, caller.Tenant);

    /// <summary>Whose it is. Null when it is about more than one tenant.</summary>
    public string? Tenant() => Kind == OfTenant ? Value : null;

    public override string ToString() => Value.Length == 0 ? Kind : $"{Kind}:{Value}";

    /// <param name="whole">The kind that needs no name.</param>
    /// <param name="named">The kinds that need one.</param>
    /// <returns>Null when the text names none; then <paramref name="refusal"/> says what would.</returns>
    public static Scope? Parse(string text, string whole, IReadOnlyList<string> named, out Refusal? refusal)
    {
        text = text.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase); // the one letter that routing leaves as it is
        var (kind, value) = text.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon ? (text[..colon], text[(colon + 1)..]) : (text, "");
        refusal = null;
        if (kind == whole && value.Length == 0 && !text.Contains(':', StringComparison.Ordinal)) return new(kind, "");
        if (named.Contains(kind) && value.Length is > 0 and <= ValueCharacters
            && value == Sanitiser.Text(value, ValueCharacters) && !string.IsNullOrWhiteSpace(value))
            return new(kind, value);

        refusal = new(
            RefusalKind.Malformed, "Unknown scope",
            $"A scope is {whole}, or one of {string.Join(", ", named)}, a colon and a name of 1 to {ValueCharacters} characters, "
            + $"such as {named[0]}:acme; this is \"{Sanitiser.Text(text, 100)}\".");
        return null;
    }
}
