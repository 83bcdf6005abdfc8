using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;

namespace Agents.Host.Models;

/// <summary>
/// Every model of the form <c>entry/model</c> names an entry of this server. Where models of section <c>Models</c> may have a slash in their names,
/// as at Ollama and at servers that speak OpenAI's protocol, an unknown entry cannot be told from such a name.
/// </summary>
public sealed class NamedModelsExist(ModelProviders providers) : IDefinitionRule
{
    public IEnumerable<string> Problems(AgentDefinition agent) =>
        from named in Named(agent)
        let problem = ProblemOf(named.Model)
        where problem is not null
        select $"{named.Whose} names the model {Sanitiser.Text(named.Model, 100)}, {problem}";

    static IEnumerable<(string Whose, string Model)> Named(AgentDefinition agent)
    {
        if (agent.Model is { } own) yield return ("The agent", own);
        foreach (var model in agent.Fallback?.Models ?? []) yield return ("The agent's fallback", model);
        foreach (var step in agent.Steps.OfType<ModelStep>())
        {
            if (step.Model is { } asked) yield return ($"Step {step.Name}", asked);
            foreach (var model in step.Fallback?.Models ?? []) yield return ($"The fallback of step {step.Name}", model);
        }
    }

    string? ProblemOf(string model)
    {
        var slash = model.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0) return null;

        var entry = model[..slash];
        if (providers.Named.ContainsKey(entry)) return slash == model.Length - 1 ? $"which names no model behind {entry}/." : null;
        if (providers.Main.MayHaveSlashes()) return null;
        return providers.Named.Count == 0
            ? "and this server has no entries in Models:Providers."
            : $"but the entries of this server are {string.Join(", ", providers.Names)}.";
    }
}
