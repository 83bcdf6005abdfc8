using System.Collections.Concurrent;
using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Engine.Money;
using Agents.Host.Models;
using Agents.Host.Models.Outputs;

namespace Agents.Host.Engine.Attempts;

/// <summary>Turns the outcome of a call into what the run is told: with citations, cost, and bounds of what it may have cost.</summary>
public sealed class ModelReports(ILogger<ModelReports> log)
{
    /// <summary>
    /// The longest token of any tokenizer that is known, in UTF-16 units: a text is at least so many tokens as it has pieces of this length.
    /// </summary>
    const int LongestToken = 128;

    /// <summary>What the log has said about models whose calls have no known cost.</summary>
    readonly ConcurrentDictionary<string, bool> logged = new(StringComparer.Ordinal);

    /// <param name="sent">The version of the call that was sent.</param>
    public ModelReport Of(CallModel work, ModelOutcome outcome, PreparedCall call, CallOffer sent)
    {
        switch (outcome)
        {
            case ModelOutcome.Answered answer:
                var cost = answer.Usage is null ? null : call.Prices.Of(answer.Model, answer.Usage, answer.ServiceTier);
                if (cost is null) LogWhyUnpriced(answer);
                var output = sent.Request.OutputSchema is { } schema && answer.ToolRequests.Count == 0 ? OutputCheck.Of(schema, answer.Text) : null;
                return new RecordModelReply(
                    work.Call, work.Attempt,
                    new(answer.Text, answer.ToolRequests, CitationsOf(answer, output?.Words ?? answer.Text, call.Conversation), answer.Model,
                        answer.FinishReason, answer.ProviderId, answer.ThoughtCharacters, output?.Json, output?.Problems, answer.TakenBackCharacters),
                    answer.Usage, answer.RawUsage, cost, answer.Latency, answer.TimeToFirstToken, call.Entry.Name, answer.ServiceTier);

            case ModelOutcome.Failed failed:
                var counted = failed.Usage is null ? null : call.Prices.Of(failed.Model ?? call.Model, failed.Usage, failed.ServiceTier);
                return new RecordModelFailure(
                    work.Call, work.Attempt, failed.Failure, failed.Latency, failed.Usage, counted, LowestCost(failed, counted, call, sent),
                    HasBegun: failed.ReceivedCharacters > 0, failed.Text);

            default:
                throw new InvalidOperationException(outcome.GetType().Name);
        }
    }

    /// <summary>Nothing was sent. The run parks; when the model has a price, resuming tries again.</summary>
    public static RecordModelFailure Unpriced(CallModel work, string model) => new(
        work.Call, work.Attempt,
        new(FailureKind.Unpriced, $"The model {model} has no price, and Costs:UnpricedModels is refuse. Import one with 'agents prices import'."),
        TimeSpan.Zero);

    /// <summary>
    /// What a call has cost at least of which a part of the reply came: what the provider had counted so far, or its input and that part in the
    /// fewest tokens and the cheapest buckets. Never more than was reserved.
    /// </summary>
    static decimal LowestCost(ModelOutcome.Failed failed, Cost? counted, PreparedCall call, CallOffer sent)
    {
        var bound = failed.ReceivedCharacters == 0 || call.Prices.For(call.Model) is not { } price
            ? 0
            : price.LowerBound(FewestTokens(sent.Request.Characters()), FewestTokens(failed.ReceivedCharacters));
        var low = Math.Max(bound, counted?.Usd ?? 0);
        return sent.Estimate is { } estimate ? Math.Min(low, estimate.UpperUsd()) : low;
    }

    static long FewestTokens(long characters) => (characters + LongestToken - 1) / LongestToken;

    /// <summary>Once for each model and reason in this process; the metric counts the calls.</summary>
    void LogWhyUnpriced(ModelOutcome.Answered answer)
    {
        if (!logged.TryAdd($"{answer.Model} {answer.UsageNote} {answer.Usage is null}", true)) return;

        if (answer.UsageNote is { } note)
            log.LogWarning("The cost of calls of model {Model} is unknown, not zero, because the usage is not known: {Reason}", answer.Model, note);
        else if (answer.Usage is null)
            log.LogWarning("The cost of calls of model {Model} is unknown, not zero: the provider reports no usage", answer.Model);
        else
            log.LogWarning(
                "The model {Model}, or what a call used of it, has no price: the cost is unknown, not zero. Import one with 'agents prices import'",
                answer.Model);
    }

    /// <summary>A quote belongs to the cited passage that holds its words.</summary>
    /// <param name="words">Where the numbers of passages stand; of JSON its texts only, since a list of numbers cites nothing.</param>
    static IReadOnlyList<Citation> CitationsOf(ModelOutcome.Answered answer, string words, Conversation conversation)
    {
        var quotes = answer.Citations
            .Select(cited =>
                (Number: conversation.Sources.FindIndex(source => source.Text.Contains(cited.Snippet, StringComparison.Ordinal)) + 1, cited.Snippet))
            .Where(quote => quote.Number > 0);
        return Citations.In(words, conversation.Sources, [.. quotes]);
    }
}
