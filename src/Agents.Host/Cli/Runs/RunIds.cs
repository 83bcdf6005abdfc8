using Agents.Host.Api.Runs;
using Agents.Host.Http;

namespace Agents.Host.Cli.Runs;

/// <summary>Short names of runs: <c>last</c>, or the beginning or the end of an id.</summary>
public static class RunIds
{
    const string Newest = "last";

    /// <summary>Fewest characters that abbreviate an id.</summary>
    const int Shortest = 4;

    const int PageSize = 200;

    /// <summary>How many of the newest runs are searched for an abbreviation, in pages.</summary>
    const int MostPages = 50;

    /// <summary>How a run is shown: the end of its id, which is random. Its beginning is the time, which neighbours share.</summary>
    public static string Brief(Guid id) => id.ToString("N")[^8..];

    /// <summary>Whether the text is an abbreviation of the id, dashes left out of both.</summary>
    public static bool Abbreviates(string text, Guid id)
    {
        var (part, whole) = (text.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant(), id.ToString("N"));
        return part.Length >= Shortest && (whole.StartsWith(part, StringComparison.Ordinal) || whole.EndsWith(part, StringComparison.Ordinal));
    }

    /// <summary>What is wrong with it as the name of a run; null when it may be one.</summary>
    public static string? Problem(string text) =>
        text == Newest || (text.Count(char.IsAsciiHexDigit) >= Shortest && text.All(c => char.IsAsciiHexDigit(c) || c == '-'))
            ? null
            : $"'{text}' is no run. Name one by its id, by at least {Shortest} characters of the id's beginning or end, or as {Newest}.";

    /// <summary>The run that is meant.</summary>
    public static async Task<Guid> Find(this Api api, string text, CancellationToken ct)
    {
        if (Guid.TryParse(text, out var id)) return id;
        if (text == Newest)
        {
            var newest = await Page(api, 1, null, ct);
            return newest.Items is [var run]
                ? run.Id
                : throw new VerbException(ExitCodes.NothingFound, "There is no run yet. Start one: agents ask \"question\"");
        }

        return await Abbreviated(api, text, ct);
    }

    static async Task<Guid> Abbreviated(Api api, string text, CancellationToken ct)
    {
        var found = new List<RunView>();
        string? cursor = null;
        for (var pages = 0; pages < MostPages; pages++)
        {
            var page = await Page(api, PageSize, cursor, ct);
            found.AddRange(page.Items.Where(run => Abbreviates(text, run.Id)));
            if ((cursor = page.Next) is null) break;
        }

        return found switch
        {
            [var run] => run.Id,
            [] => throw new VerbException(ExitCodes.NothingFound, $"No run's id begins or ends with {text}. See: agents runs"),
            _ =>
                throw new VerbException(
                    ExitCodes.Usage,
                    $"{text} fits {found.Count} runs: {string.Join(", ", found.Take(5).Select(run => run.Id))}. Say more of the id."),
        };
    }

    static async Task<Page<RunView>> Page(Api api, int limit, string? cursor, CancellationToken ct) =>
        (await api.Get($"runs?limit={limit}{(cursor is null ? "" : $"&cursor={cursor}")}", ct)).As<Page<RunView>>();
}
