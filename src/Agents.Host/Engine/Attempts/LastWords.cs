using Agents.Domain.Costs;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Engine.Money;
using Agents.Host.Models;

namespace Agents.Host.Engine.Attempts;

/// <summary>The last word of a run whose agent closes at its limit: what it would cost, and what is sent for it.</summary>
/// <param name="all">The price lists in force, of no entry.</param>
sealed class LastWords(ModelProviders providers, PriceList all, Run run, AgentDefinition agent, Conversation said)
{
    /// <summary>
    /// Null when the agent does not close at its limit, or none of the models has a price. While the run closes, of the models further on.
    /// </summary>
    public LastWordPlan? Plan()
    {
        if (agent.AtLimit is not AtLimit.Close || agent.LastModelStep() is not (>= 0 and var last)) return null;

        var step = (ModelStep)agent.Steps[last];
        var prices = agent.ModelsOf(step, run.Model).Index().Select(model => PriceOf(model.Index, step, model.Item)).OfType<LastWordPrice>().ToList();
        if (run.Closing is null) return prices.Count > 0 ? new(agent.Limits, prices) : null;
        return new LastWordPlan(agent.Limits, [.. prices.Where(model => model.Position > run.Fallback)]).KeepingNothing();
    }

    /// <summary>With as much of what was found as what is left pays for, beside a whole reply.</summary>
    /// <param name="prices">Of the entry that is asked.</param>
    public ModelRequest Request(ModelStep step, string reason, string model, PriceList prices)
    {
        var least = ClosingRequest.Of(said, step, reason, model, agent.Limits, evidenceTokensAtMost: 0);
        if (prices.For(model) is not { } price) return Fitting(long.MaxValue);

        var (fixedTokens, reply) = (least.InputTokensAtMost(), least.Options.MaxOutputTokens!.Value);
        var room = run.MostUsd(agent.Limits) - run.CommittedUsd();
        return Fitting(MostWithin(tokens => price.UpperBound(fixedTokens + tokens, reply) <= room));

        ModelRequest Fitting(long tokens) => ClosingRequest.Of(said, step, reason, model, agent.Limits, tokens);
    }

    LastWordPrice? PriceOf(int position, ModelStep step, string written)
    {
        var (entry, model) = providers.Of(written);
        if (all.At(entry.Entry).For(model) is not { } price) return null;

        var least = ClosingRequest.Of(said, step, run.Closing ?? "budget", model, agent.Limits, evidenceTokensAtMost: 0);
        var (tokens, reply) = (least.InputTokensAtMost(), least.Options.MaxOutputTokens!.Value);
        return new(position, new(price, tokens + ClosingRequest.KeptEvidenceTokens, reply), new(price, tokens, reply));
    }

    /// <summary>The largest number of tokens that fits; 0 when none does.</summary>
    static long MostWithin(Func<long, bool> fits)
    {
        const long MostTokens = 1 << 22; // more than the longest prompt has bytes
        var (least, most) = (0L, MostTokens);
        while (least < most)
        {
            var middle = (least + most + 1) / 2;
            if (fits(middle)) least = middle;
            else most = middle - 1;
        }

        return least;
    }
}
