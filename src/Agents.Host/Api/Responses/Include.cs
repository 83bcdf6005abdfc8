namespace Agents.Host.Api.Responses;

/// <summary>What a caller wants to see besides.</summary>
/// <param name="SearchResults">The passages that searches found.</param>
/// <param name="AgentSteps">Events of our own: which step begins, and what it ended with.</param>
public readonly record struct Include(bool SearchResults, bool AgentSteps)
{
    const string Results = "file_search_call.results";
    const string Steps = "agent_steps";

    /// <summary>OpenAI's other values, about things that agents here never do: nothing is left out by leaving them out.</summary>
    static readonly HashSet<string> Without =
    [
        "web_search_call.results", "web_search_call.action.sources", "code_interpreter_call.outputs", "computer_call_output.output.image_url",
        "message.input_image.image_url", "reasoning.encrypted_content",
    ];

    public static Include Of(IReadOnlyCollection<string> names) => new(names.Contains(Results), names.Contains(Steps));

    /// <summary>The name that cannot be honoured, or null.</summary>
    public static string? Unknown(IEnumerable<string> names) =>
        names.FirstOrDefault(name => name is not (Results or Steps) && !Without.Contains(name));

    /// <summary>From <c>?include[]=…</c>, as OpenAI's clients write it, or <c>?include=…</c>.</summary>
    public static string[] NamesIn(IQueryCollection query) => [.. query["include[]"].Concat(query["include"]).OfType<string>()];
}
