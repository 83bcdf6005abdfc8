using System.Text.RegularExpressions;

namespace Agents.Host.Cli;

/// <summary>Says in words of the command line what a library or the server says in words of .NET or HTTP.</summary>
public static partial class Wording
{
    static readonly Dictionary<string, string> Types = new()
    {
        ["Int32"] = "a whole number", ["Int64"] = "a whole number", ["Decimal"] = "a number", ["Double"] = "a number", ["Guid"] = "an id",
        ["Boolean"] = "true or false", ["BudgetPeriod"] = "one of day, month and total", ["Overlap"] = "one of skip, queue and cancel",
        ["Missed"] = "one of skip, once and all",
    };

    /// <summary>Requests as refusals name them, and the verb that does the same. <c>{}</c> stands for what varies.</summary>
    static readonly (string Request, string Verb)[] Verbs =
    [
        ("GET /agents/{}/versions", "agents agents versions ${1}"), ("GET /agents/{}", "agents agents show ${1}"), ("GET /agents", "agents agents"),
        ("DELETE /agents/{}/aliases/{}", "agents agents alias ${1} ${2} off"), ("GET /dead-letters", "agents dead-letters"), ("GET /nodes", "agents nodes"),
        ("GET /pauses", "agents admission"), ("GET /limits", "agents limits"), ("GET /rates", "agents rates"), ("GET /budgets", "agents budgets"),
        ("PUT /schedules/{}", "agents schedules change ${1}"), ("GET /schedules", "agents schedules"), ("GET /runs/{}/state", "agents show ${1} --version N"),
        ("PUT /runs/{}/budget", "agents budgets set run:${1} USD"), ("POST /runs", "agents ask"),
    ];

    /// <summary>What the parser of the command line says.</summary>
    public static string OfParser(string message) => NoValue().Match(message) is { Success: true } wrong
        ? $"'{wrong.Groups[1].Value}' does not fit {wrong.Groups[2].Value}, which is {NameOf(wrong.Groups[3].Value)}."
        : message;

    /// <summary>What the server says.</summary>
    public static string OfServer(string message)
    {
        foreach (var (request, verb) in Verbs)
            message = Regex.Replace(message, Regex.Escape(request).Replace(@"\{}", @"([^\s/.,;]+)", StringComparison.Ordinal) + @"(?![\w/])", verb);
        return message.Replace(
            "Send the header Authorization: Bearer with a key. agents keys create makes one.",
            "Give one with AGENTS_KEY or --key KEY. agents keys create makes one.", StringComparison.Ordinal);
    }

    static string NameOf(string type) =>
        Types.FirstOrDefault(known => type.Contains($".{known.Key}", StringComparison.Ordinal)).Value ?? "something else";

    [GeneratedRegex("^Cannot parse argument '(.*?)' for (?:command|option|argument) '(.+?)' as expected type '(.+?)'", RegexOptions.Singleline)]
    private static partial Regex NoValue();
}
