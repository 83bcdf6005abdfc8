using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Engine.Money;
using Agents.Host.Http;

namespace Agents.Host.Api.Budgets;

/// <summary>How a budget is named in a URL: <c>/budgets/{scope}/{value}?period=day</c>.</summary>
static class BudgetAddress
{
    const string Scopes = "agent, batch, key and tenant";

    /// <summary>
    /// The budget that a URL names. A key is named by its id, or by its name where no other key has that and no budget of all its keys is there.
    /// </summary>
    /// <param name="period">Null means a month; for a batch, all its time.</param>
    /// <param name="isShared">All keys of the name are meant.</param>
    /// <returns>Either the name, or why there can be no such budget.</returns>
    public static async Task<(BudgetName? Name, IResult? Problem)> Find(
        string scope, string value, string? period, Caller caller, BudgetStore budgets, CancellationToken ct, bool isShared = false)
    {
        if (Parse(scope, value, period, caller, out var problem) is not { } name) return (null, problem);
        if (name.Scope is not BudgetScope.Key || isShared) return (name, null);

        return await budgets.KeysMeant(caller.Tenant, name, ct) switch
        {
            [] => (name, null),
            [var only] => (name with { Value = only }, null),
            var several => (null, Refusals.Conflict(
                "Several keys of that name",
                $"The keys {string.Join(", ", several)} have the name {value}: give the id of one, or set a budget of all with shared=true.")
                .Answer()),
        };
    }

    /// <summary>Null when the URL names no budget that can be; then <paramref name="problem"/> says why.</summary>
    /// <param name="period">Null means a month; for a batch, all its time.</param>
    static BudgetName? Parse(string scope, string value, string? period, Caller caller, out IResult? problem)
    {
        period ??= Word<BudgetScope>(scope) is BudgetScope.Batch ? "total" : "month";
        var batch = Guid.Empty;
        problem = (Word<BudgetScope>(scope), Word<BudgetPeriod>(period)) switch
        {
            (null, _) => Refusals.Unknown("Unknown scope", $"The scopes of budgets are {Scopes}; this is \"{Sanitiser.Text(scope, 50)}\".").Answer(),
            (BudgetScope.Run, _) =>
                Refusals.Unknown(
                    "A run's own budget", $"The budget of one run is set at PUT /runs/ID/budget; the scopes here are {Scopes}.").Answer(),
            (_, null) => Refusals.Malformed("Unknown period", $"A period is day, month or total; this is \"{Sanitiser.Text(period, 50)}\".").Answer(),
            _ when value.Length is 0 or > BudgetName.ValueCharacters || value != Sanitiser.Text(value, value.Length)
                || string.IsNullOrWhiteSpace(value) =>
                Refusals.Malformed("Bad name", $"A name has 1 to {BudgetName.ValueCharacters} characters.").Answer(),
            (BudgetScope.Batch, not BudgetPeriod.Total) =>
                Refusals.Malformed("Unknown period", "A batch has one budget, for all its time: leave out the period.").Answer(),
            (BudgetScope.Batch, _) when !Guid.TryParseExact(value, "D", out batch) =>
                Refusals.Malformed("Bad name", "A batch is named by its id.").Answer(),
            (BudgetScope.Tenant, _) when value != caller.Tenant => Refusals.Unknown("Unknown tenant", $"Your tenant is {caller.Tenant}.").Answer(),
            _ => null,
        };
        if (batch != Guid.Empty) value = batch.ToString(); // as runs name it, without capitals
        return problem is null ? new(Word<BudgetScope>(scope)!.Value, value, Word<BudgetPeriod>(period)!.Value) : null;
    }

    /// <summary>Where the budget is.</summary>
    public static string UrlOf(BudgetName name) =>
        $"/budgets/{Lower(name.Scope)}/{Uri.EscapeDataString(name.Value)}?period={Lower(name.Period)}";

    public static IResult NotFound(BudgetName name) =>
        Refusals.Unknown("Unknown budget", $"There is no such thing as {name}. GET /budgets lists all.").Answer();

    static string Lower(Enum word) => word.ToString().ToLowerInvariant();

    /// <summary>The member of that name; numbers are no names.</summary>
    static T? Word<T>(string word) where T : struct, Enum =>
        word.All(char.IsAsciiLetter) && Enum.TryParse<T>(word, ignoreCase: true, out var member) ? member : null;
}
