using System.Globalization;

namespace Agents.Domain.Costs;

/// <summary>Whose spending a budget bounds. Stored by name: add, never rename.</summary>
public enum BudgetScope
{
    /// <summary>One run.</summary>
    Run,

    /// <summary>All runs of an agent, by its name.</summary>
    Agent,

    /// <summary>All runs of a tenant.</summary>
    Tenant,

    /// <summary>All runs that one key asked for, by its id; or all keys of a name, by that name.</summary>
    Key,

    /// <summary>All runs of a batch, by its id, with the runs that these start.</summary>
    Batch,
}

/// <summary>How long a budget lasts before it begins anew. Stored by name: add, never rename.</summary>
public enum BudgetPeriod
{
    /// <summary>A day, UTC.</summary>
    Day,

    /// <summary>A calendar month, UTC.</summary>
    Month,

    /// <summary>It never begins anew.</summary>
    Total,
}

/// <summary>Which budget of a tenant.</summary>
/// <param name="Value">The id of the run, the key or the batch, or the name of the agent, the tenant or of keys.</param>
public sealed record BudgetName(BudgetScope Scope, string Value, BudgetPeriod Period)
{
    /// <summary>Longest value, in UTF-16 units.</summary>
    public const int ValueCharacters = 200;

    /// <summary>A run's own budget.</summary>
    public static BudgetName Of(Guid runId) => new(BudgetScope.Run, runId.ToString(), BudgetPeriod.Total);

    /// <summary>That of a batch of runs.</summary>
    public static BudgetName OfBatch(Guid batchId) => new(BudgetScope.Batch, batchId.ToString(), BudgetPeriod.Total);

    /// <summary>Such as <c>the budget of agent research for a month</c>.</summary>
    public override string ToString() => Scope is BudgetScope.Run
        ? "the run's own budget"
        : $"the {KindOf(Period)} of {Scope.ToString().ToLowerInvariant()} {Value}";

    static string KindOf(BudgetPeriod period) => period switch
    {
        BudgetPeriod.Day => "daily budget",
        BudgetPeriod.Month => "monthly budget",
        _ => "budget",
    };
}

/// <summary>Why a budget did not let a model call begin.</summary>
/// <param name="LimitUsd">What may be spent in the period.</param>
/// <param name="SpentUsd">What was spent in it, unconfirmed spend at its upper bound.</param>
/// <param name="ReservedUsd">What calls in flight may still cost.</param>
/// <param name="WantedUsd">The most the call can cost. Null when its model has no price, so that nothing can be reserved.</param>
/// <param name="LeastUsd">The most it can cost with the shortest reply that is worth asking for. Null without a price.</param>
public sealed record BudgetRefusal(
    BudgetName Budget, decimal LimitUsd, decimal SpentUsd, decimal ReservedUsd, decimal? WantedUsd, decimal? LeastUsd)
{
    /// <summary>What is left for further calls; negative when the limit was lowered below what had been spent.</summary>
    public decimal RoomUsd() => LimitUsd - SpentUsd - ReservedUsd;

    /// <summary>For people who may see money: which budget, how much of it is gone, and what was wanted.</summary>
    public string Text()
    {
        var state = string.Create(
            CultureInfo.InvariantCulture, $"{Shown(SpentUsd)} of {Shown(LimitUsd)} USD are spent and {Shown(ReservedUsd)} reserved");
        var call = WantedUsd is { } wanted
            ? string.Create(CultureInfo.InvariantCulture, $"the next call may cost {Shown(wanted)}.")
            : Unpriced;
        return $"{Name()} has no room: {state}; {call}";
    }

    /// <summary>The same without amounts, for everybody who may see the run.</summary>
    public string Reason() => WantedUsd is null ? $"{Name()} has no room: {Unpriced}" : $"{Name()} has no room for the next call.";

    const string Unpriced = "the next call's model has no price, so that nothing can be reserved for it.";

    string Name()
    {
        var name = Budget.ToString();
        return $"{char.ToUpperInvariant(name[0])}{name[1..]}";
    }

    /// <summary>Without the zeros that a sum drags along.</summary>
    static decimal Shown(decimal usd) => usd / 1.0000000000000000000000000000m;
}

/// <summary>The most a model call can cost, before it is made.</summary>
/// <param name="InputTokens">An upper bound of what is sent.</param>
/// <param name="OutputTokens">What the provider is told as the most the reply may hold.</param>
public sealed record CallEstimate(Price Price, long InputTokens, int OutputTokens)
{
    /// <summary>A reply shorter than this is not worth its input: a call that has room for less is refused. In tokens.</summary>
    public const int LeastOutputTokens = 256;

    /// <exception cref="OverflowException">A number is negative or above <see cref="Price.MaxTokens"/>.</exception>
    public decimal UpperUsd() => Price.UpperBound(InputTokens, OutputTokens);

    /// <summary>The upper bound with the shortest reply that is worth asking for.</summary>
    public decimal LeastUsd() => Price.UpperBound(InputTokens, Math.Min(OutputTokens, LeastOutputTokens));

    /// <summary>
    /// The same call with a reply short enough for the room that is left; null when that would be shorter than <see cref="LeastOutputTokens"/>.
    /// </summary>
    public CallEstimate? Within(decimal roomUsd)
    {
        if (roomUsd < LeastUsd()) return null;
        return this with { OutputTokens = (int)Math.Min(OutputTokens, Price.OutputTokensWithin(roomUsd, InputTokens)) };
    }
}
