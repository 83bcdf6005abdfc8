using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Marten;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Wolverine.Http;

namespace Agents.Host.Engine.Money;

/// <summary>What an import did, and how the bill compares with the facts in the hours that it is about.</summary>
/// <param name="Rows">Rows of the file.</param>
/// <param name="NewRows">Those that had not been imported before.</param>
/// <param name="Resolved">Calls of unknown outcome whose cost is known now.</param>
/// <param name="Items">By hour and model.</param>
/// <param name="Next">Always null: hours are not paged.</param>
public sealed record UsageImport(int Rows, int NewRows, int Resolved, IReadOnlyList<Variance> Items, string? Next);

/// <summary>A provider's bill against the facts, for an hour (UTC) and a model. Provider = matched + explained + unexplained.</summary>
/// <param name="ProviderUsd">Null when no row has a cost.</param>
/// <param name="MatchedUsd">For calls found by their id, as far as the facts have it.</param>
/// <param name="ExplainedUsd">Without an id known here, within what calls of that hour and model may have cost that no row names.</param>
/// <param name="UnexplainedUsd">Billed, and in no fact.</param>
/// <param name="BelowUsd">What the facts have beyond the bill for calls found by their id.</param>
/// <param name="UnpricedCalls">Rows of unknown cost; in none of the sums.</param>
public sealed record Variance(
    DateTime Hour, string Model, long Calls, decimal? ProviderUsd, decimal MatchedUsd, decimal ExplainedUsd, decimal UnexplainedUsd, decimal BelowUsd, long UnpricedCalls);
