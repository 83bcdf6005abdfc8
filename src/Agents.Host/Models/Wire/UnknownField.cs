using System.Net;

namespace Agents.Host.Models.Wire;

/// <summary>Tells whether a server refused a request because it does not know a member of it.</summary>
static class UnknownField
{
    /// <summary>Characters between the name of the member and the words that refuse it: further off they are about something else.</summary>
    const int Near = 200;

    /// <summary>Words in which servers refuse a member that they do not know, rather than its value.</summary>
    static readonly string[] Words =
        ["extra_forbidden", "extra inputs", "unrecognized", "unrecognised", "unsupported", "not supported", "unknown", "unexpected", "not permitted",
            "not allowed", "additional properties"];

    public static bool IsNamed(string name, HttpStatusCode status, string body)
    {
        if (status is not (HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity)) return false;

        for (var at = body.IndexOf(name, StringComparison.Ordinal); at >= 0; at = body.IndexOf(name, at + name.Length, StringComparison.Ordinal))
        {
            var from = Math.Max(0, at - Near);
            var around = body.AsSpan(from, Math.Min(body.Length, at + name.Length + Near) - from);
            foreach (var word in Words)
                if (around.Contains(word, StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }
}
