using Agents.Domain.Costs;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Money;
using Agents.Host.Http;
using Agents.Host.Log;
using Agents.Host.Models;
using Agents.Host.Postgres;
using Agents.Host.Tools;

namespace Agents.Host.Engine.Requests;

/// <summary>
/// Makes up runs that go through others in another way. It writes nothing. A what-if changes nothing in the runs that it comes from, and draws on its
/// own budget only.
/// </summary>
public sealed class WhatIfs(
    IRunLog log, IDefinitions definitions, IEnumerable<IDefinitionRule> rules, IPrices published, ModelProviders providers, ITools tools,
    CostOptions costs, DatabaseClock clock)
{
    /// <summary>A fork of the run, from the step on.</summary>
    /// <param name="batch">The batch that it is to belong to.</param>
    public async Task<PlannedRun> Fork(Guid id, OtherWay other, Guid batch, string reason, Caller caller, CancellationToken ct)
    {
        if (await log.Load(caller.Tenant, id, ct) is not { } whole) return new(id, new(RefusalKind.Unknown, "Unknown run", $"There is no run {id}."));

        var agent = await definitions.Of(whole.Queued.DefinitionHash, ct);
        if (other.StepIn(agent) is not { } from)
            return Refused(
                "Unknown step", $"Agent {agent.Name} has no {(other.From is null ? "model step" : $"step {Sanitiser.Text(other.From, 100)}")}.");
        if (other.Instructions is not null && agent.Steps[from] is not ModelStep)
            return Refused("No instructions", $"Step {agent.Steps[from].Name} asks no model.");

        var changed = other.Of(agent, from);
        if (changed.Problems().Concat(rules.SelectMany(rule => rule.Problems(changed))).FirstOrDefault() is { } problem)
            return Refused("Bad definition", problem);

        if (other.Model is { } model && costs.UnpricedModels is not UnpricedModels.Allow && !await HasPrice(caller.Tenant, model, ct))
            return Refused("No price", $"Model {model} has no price here, so that no budget can hold it.");

        var facts = whole.Events();
        var begun = facts.Index().FirstOrDefault(fact => fact.Item is StepStarted e && e.Step == from, (-1, null!)).Index;
        if (begun < 0 || Forking.PointAt(id, facts, agent, begun) is not { } point)
            return Refused("Step not taken", $"Run {id} did not take step {agent.Steps[from].Name} itself.");
        if (Forking.UnsafeToolUnderWay(point.Run, tools.IsRepeatable) is { } tool)
            return Refused(
                "Outcome unknown", $"A call of {tool}, which must not run twice, has no known outcome before step {agent.Steps[from].Name}.");

        var fork = clock.NewId();
        var first = Forks.Queued(whole.Queued, changed, new(), caller) with
        {
            DefinitionHash = changed.Hash(), ForkedFrom = new(id, point.Version, Root: fork), Batch = batch, RecordedTools = other.RecordedTools,
        };
        var state = Forking.StateOf(point.Run, facts.Take((int)point.Version), changed, Sanitiser.Text(reason, TextBounds.ReasonCharacters));
        var estimate = await Estimate(caller.Tenant, facts, (int)point.Version, call => call.Step >= from ? other.Model : null, ct);
        return new(id, null, new(fork, [first, state], changed, estimate));

        PlannedRun Refused(string title, string detail) => new(id, new(RefusalKind.Malformed, title, detail));
    }

    /// <summary>A new run that is asked the same, from the start.</summary>
    public async Task<PlannedRun> Again(Guid id, Guid batch, Caller caller, CancellationToken ct)
    {
        if (await log.Load(caller.Tenant, id, ct) is not { } whole) return new(id, new(RefusalKind.Unknown, "Unknown run", $"There is no run {id}."));

        var agent = await definitions.Of(whole.Queued.DefinitionHash, ct);
        var first = Forks.Queued(whole.Queued, agent, new(), caller) with { Batch = batch };
        return new(id, null, new(clock.NewId(), [first], agent, await Estimate(caller.Tenant, whole.Events(), 0, _ => null, ct)));
    }

    /// <summary>
    /// What the calls behind a version would cost with the tokens that they used then, at the prices in force. Null when a model among them has no
    /// price, or a call has no usage.
    /// </summary>
    /// <param name="modelOf">The model that would be asked instead. Null for the same.</param>
    async Task<decimal?> Estimate(
        string tenant, IReadOnlyList<RunEvent> facts, int version, Func<ModelCallScheduled, string?> modelOf, CancellationToken ct)
    {
        var prices = await published.InForce(tenant, ct);
        var (scheduled, sum) = (new Dictionary<int, ModelCallScheduled>(), 0m);
        foreach (var (at, happened) in facts.Index())
        {
            if (happened is ModelCallScheduled call) scheduled[call.Call] = call;
            if (at < version || happened is not ModelCallCompleted done) continue;

            if (scheduled.GetValueOrDefault(done.Call) is not { } asked) return null;
            var (entry, model) = providers.Of(modelOf(asked) ?? asked.Model);
            if (PriceOf(prices.At(entry.Entry), model, done.Usage) is not { } usd) return null;
            sum += usd;
        }

        return sum;
    }

    async Task<bool> HasPrice(string tenant, string model, CancellationToken ct)
    {
        var (entry, name) = providers.Of(model);
        return (await published.InForce(tenant, ct)).At(entry.Entry).For(name) is not null;
    }

    static decimal? PriceOf(PriceList prices, string model, Usage? usage) => usage?.Total() > 0 ? prices.Of(model, usage)?.Usd : null;
}

/// <summary>What becomes of one run of a what-if.</summary>
/// <param name="Origin">The run it comes from.</param>
/// <param name="Refusal">Why it cannot be gone through otherwise. Null when it can.</param>
/// <param name="Run">Null when it is refused.</param>
public sealed record PlannedRun(Guid Origin, Refusal? Refusal, NewWay? Run = null);

/// <summary>A run that is to begin.</summary>
/// <param name="Facts">Its first.</param>
/// <param name="Agent">What it obeys; it may not be stored yet.</param>
/// <param name="EstimatedUsd">US dollars it is likely to spend. Null when that is not known.</param>
public sealed record NewWay(Guid Id, IReadOnlyList<RunEvent> Facts, AgentDefinition Agent, decimal? EstimatedUsd);
