using Agents.Domain.Costs;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Host.Engine.Money;

/// <summary>What the last word of a run would cost, with each model that may give it and has a price.</summary>
/// <param name="Limits">Of the agent.</param>
/// <param name="Models">In the order in which they take over. Empty when none has a price: then nothing can be kept back.</param>
public sealed record LastWordPlan(Limits Limits, IReadOnlyList<LastWordPrice> Models)
{
    /// <summary>US dollars to keep back: the most that a last word costs with the cheapest model.</summary>
    public decimal KeptUsd { get; init; } = Models.Select(model => model.Whole.UpperUsd()).DefaultIfEmpty(0).Min();

    /// <summary>The same plan, without keeping anything back.</summary>
    public LastWordPlan KeepingNothing() => this with { KeptUsd = 0 };

    /// <summary>
    /// The position of the first model that can give a whole last word for what is left, else of the cheapest that can give a short one. Null when
    /// none can.
    /// </summary>
    public int? Within(decimal roomUsd) =>
        (Models.FirstOrDefault(model => model.Whole.UpperUsd() <= roomUsd)
            ?? Models.Where(model => model.Shortest.LeastUsd() <= roomUsd).MinBy(model => model.Shortest.LeastUsd()))?.Position;
}

/// <summary>One model's price of a last word.</summary>
/// <param name="Position">Among the models of the last model step.</param>
/// <param name="Whole">With as much of what was found as is kept back for.</param>
/// <param name="Shortest">With nothing of what was found.</param>
public sealed record LastWordPrice(int Position, CallEstimate Whole, CallEstimate Shortest);
