namespace Agents.Host.Engine.Money;

/// <summary>What amounts of budgets may be.</summary>
static class BudgetAmount
{
    /// <summary>US dollars; far above any budget, far below what a sum can hold.</summary>
    public const decimal MostUsd = 1_000_000_000m;

    const int MostDecimals = 8;

    public static string? Problem(decimal? usd, bool mayBeZero) => usd switch
    {
        null => "Say how many US dollars.",
        > MostUsd => $"At most {MostUsd:N0} US dollars.",
        < 0 => "US dollars are not negative.",
        0 when !mayBeZero => "More than 0 US dollars.",
        { } value when decimal.Round(value, MostDecimals) != value => $"US dollars have at most {MostDecimals} decimals.",
        _ => null,
    };
}
