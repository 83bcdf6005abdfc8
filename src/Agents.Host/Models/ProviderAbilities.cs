using Agents.Domain.Definitions;

namespace Agents.Host.Models;

/// <summary>Which parameters of a model call a provider takes. What it does not take is refused by name, never left out in silence.</summary>
/// <param name="Name">As in <c>Models:Provider</c>.</param>
/// <param name="Samples">It lets the caller choose temperature and top-p.</param>
/// <param name="HasSeed">It takes a seed.</param>
/// <param name="HasSingleCalls">It can be told to ask for one tool at a time.</param>
public sealed record ProviderAbilities(string Name, bool Samples = true, bool HasSeed = true, bool HasSingleCalls = true)
{
    /// <summary>Reasoning effort, stop texts and cache breakpoints are taken by all: where a prompt is kept anyway, nothing is sent.</summary>
    /// <remarks>
    /// The offline model says the same to the same request, whatever the parameters. It takes all of them, so that every agent can be tried.
    /// </remarks>
    public static ProviderAbilities Of(ModelProvider provider) => provider switch
    {
        // From its version 2026-10-21 on, which the SDK asks for, Anthropic's API refuses requests that choose a sampling. It never had seeds.
        ModelProvider.Anthropic => new("anthropic", Samples: false, HasSeed: false),
        ModelProvider.Ollama => new("ollama", HasSingleCalls: false),
        _ => new(provider.ToString().ToLowerInvariant()),
    };

    /// <summary>What is wanted and not taken, in the words of the API; empty when all is taken.</summary>
    public IEnumerable<string> Missing(ModelParameters wanted)
    {
        if (!Samples && wanted.Temperature is not null) yield return "temperature";
        if (!Samples && wanted.TopP is not null) yield return "topP";
        if (!HasSeed && wanted.Seed is not null) yield return "seed";
        if (!HasSingleCalls && wanted.ParallelToolCalls is false) yield return "parallelToolCalls: false";
    }
}
