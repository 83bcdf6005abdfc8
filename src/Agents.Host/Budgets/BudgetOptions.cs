namespace Agents.Host.Budgets;

/// <summary>Settings of section <c>Budgets</c>.</summary>
public sealed record BudgetOptions
{
    /// <summary>Whether a call whose model has no price may be made where a budget is in force; it is then not charged to it. <c>Budgets:Unpriced</c>, refuse (the default) or allow.</summary>
    public bool MayBeUnpriced { get; init; }

    /// <exception cref="StartRefusedException">The value is neither; the message names the key.</exception>
    public static BudgetOptions From(IConfiguration configuration) => configuration["Budgets:Unpriced"]?.Trim().ToLowerInvariant() switch
    {
        null or "" or "refuse" => new(),
        "allow" => new() { MayBeUnpriced = true },
        var other => throw new StartRefusedException($"Budgets:Unpriced (Budgets__Unpriced) is {other}; it must be refuse or allow."),
    };
}
