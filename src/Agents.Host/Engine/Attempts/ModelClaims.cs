using Agents.Domain.Runs;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Money;
using Agents.Host.Engine.Queue;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Attempts;

/// <summary>Stores that this node begins a model call attempt, in a transaction of its own that ends before the call begins.</summary>
public sealed class ModelClaims(IRunTransactions transactions, INode node, CostOptions costs)
{
    /// <summary>
    /// How many versions of a call are tried before it is refused: the run's own budget and the tenant's may each ask for a smaller one, also when
    /// nothing can be kept back for a last word.
    /// </summary>
    const int MostOffers = 6;

    bool MayBeUnpriced => costs.UnpricedModels is UnpricedModels.Allow;

    /// <returns>The claim, and the version of the call that the budgets had room for.</returns>
    public async Task<(Claim Claim, CallOffer Offer)> Take(string tenant, CallModel work, string key, CallOffer offer, CancellationToken ct)
    {
        await node.Ready.WaitAsync(ct);
        await using var transaction = transactions.Begin(tenant);
        if (await transaction.Hold(work.RunId, ct) is not { } held) return (new Claim.NotDue(), offer);

        var ownerIsGone = await node.HasLost(held.Run.ModelCall?.Worker, ct);
        var whole = offer;
        for (var offers = 1; ; offers++)
        {
            var claim = offer.Claim(held.Run, work, node.Name, ownerIsGone, MayBeUnpriced);
            if (claim is Claim.Taken taken)
            {
                if (await transaction.Reserve(held.Run, work, key, offer, MayBeUnpriced, ct) is not { } refusal)
                {
                    held.Append([taken.Started]);
                    FaultPoint.Hit("lease-taken");
                    await transaction.Commit(ct);
                    return (claim, offer);
                }

                claim = new Claim.Refused(refusal);
            }

            if (claim is not Claim.Refused over || offers == MostOffers) return (claim, offer);
            if ((offer.Within(over.Refusal) ?? offer.WithoutLastWord(over.Refusal, whole)) is not { } next) return (claim, offer);
            offer = next;
        }
    }
}
