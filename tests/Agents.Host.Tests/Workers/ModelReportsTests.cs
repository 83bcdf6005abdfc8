using Agents.Domain.Costs;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Engine.Attempts;
using Agents.Host.Engine.Money;
using Agents.Host.Models;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace Agents.Host.Tests.Workers;

/// <summary>What a run is told of a call that broke off, and what the log says of one whose cost is unknown.</summary>
public sealed class ModelReportsTests : IDisposable
{
    /// <summary>128 UTF-16 units: no tokenizer has a longer token.</summary>
    const int LongestToken = 128;

    static readonly CallModel Work = new(Guid.Empty, 1, 1);

    static readonly Failure Cut = new(FailureKind.StreamCut, "gone");

    /// <summary>One dollar for a million tokens of input, half for cached ones, two for output.</summary>
    static readonly PriceList Prices = new("2026-11", [new("priced", new(1, 2, 0.5m))]);

    readonly LogLines log = new();

    [Fact]
    public void A_call_that_broke_off_has_cost_its_input_and_the_part_that_came_at_least()
    {
        var failure = Failed(new(Cut, ReceivedCharacters: LongestToken + 1, TimeSpan.FromSeconds(1), null));

        Assert.Equal((10 * 0.5m + 2 * 2m) / 1_000_000, failure.LowUsd);
        Assert.Null(failure.Usage);
        Assert.Null(failure.Cost);
    }

    [Fact]
    public void A_call_of_whose_reply_nothing_came_may_have_cost_nothing() =>
        Assert.Equal(0, Failed(new(Cut, ReceivedCharacters: 0, TimeSpan.FromSeconds(1), null)).LowUsd);

    [Fact]
    public void A_call_that_broke_off_has_cost_what_the_provider_had_counted_at_least()
    {
        var failure = Failed(new(Cut, ReceivedCharacters: 1, TimeSpan.FromSeconds(1), null) { Usage = new(20, 5), Model = "priced" });

        Assert.Equal((0.00003m, new Usage(20, 5)), (failure.LowUsd, failure.Usage));
        Assert.Equal((0.00003m, "2026-11"), (failure.Cost!.Usd, failure.Cost.PriceVersion));
    }

    [Fact]
    public void What_a_call_has_cost_at_least_is_never_above_what_was_reserved()
    {
        var call = Call("priced");

        var failure = Failed(new(Cut, ReceivedCharacters: 1_000_000_000, TimeSpan.FromSeconds(1), null), call);

        Assert.Equal(call.Offer.Estimate!.UpperUsd(), failure.LowUsd);
    }

    [Fact]
    public void A_model_without_a_price_has_no_bound_but_keeps_its_usage()
    {
        var failure = Failed(new(Cut, ReceivedCharacters: 1000, TimeSpan.FromSeconds(1), null) { Usage = new(20, 5) }, Call("unpriced"));

        Assert.Equal((0, new Usage(20, 5)), (failure.LowUsd, failure.Usage));
        Assert.Null(failure.Cost);
    }

    [Theory]
    [InlineData("The usage report is not believed: it is negative.", false,
        "The cost of calls of model priced is unknown, not zero, because the usage is not known: The usage report is not believed: it is negative.")]
    [InlineData(null, false, "The cost of calls of model priced is unknown, not zero: the provider reports no usage")]
    [InlineData(null, true, null)]
    public void The_log_says_once_why_a_cost_is_unknown(string? note, bool hasUsage, string? line)
    {
        var reports = Reports();
        for (var time = 1; time <= 2; time++)
            reports.Of(Work, Answered("priced", hasUsage ? new(20, 5) : null, note), Call("priced"), Call("priced").Offer);

        Assert.Equal(line is null ? [] : [line], log.Lines.Select(said => said.Text));
    }

    [Fact]
    public void The_log_says_that_a_model_has_no_price_only_when_that_is_the_reason()
    {
        Reports().Of(Work, Answered("unpriced", new(20, 5), note: null), Call("unpriced"), Call("unpriced").Offer);

        Assert.StartsWith("The model unpriced, or what a call used of it, has no price", Assert.Single(log.Lines).Text, StringComparison.Ordinal);
    }

    public void Dispose() => log.Dispose();

    ModelReports Reports() => new(LoggerFactory.Create(builder => builder.AddProvider(log)).CreateLogger<ModelReports>());

    RecordModelFailure Failed(ModelOutcome.Failed outcome, PreparedCall? call = null) =>
        Assert.IsType<RecordModelFailure>(Reports().Of(Work, outcome, call ?? Call("priced"), (call ?? Call("priced")).Offer));

    static ModelOutcome.Answered Answered(string model, Usage? usage, string? note) => new(
        "It is.", [], [], "stop", model, null, usage, null, note, Cut: false, TimeSpan.FromSeconds(1), null);

    /// <summary>A call that sends ten times the longest token.</summary>
    static PreparedCall Call(string model)
    {
        var request = new ModelRequest(
            [new(ChatRole.User, new string('x', 10 * LongestToken))], new() { ModelId = model, MaxOutputTokens = 1000 });
        return new(
            Run.Before(Guid.Empty), TestAgents.Talker, (ModelStep)TestAgents.Talker.Steps[0], new Conversation(), Prices,
            CallOffer.Of(request, request.InputTokensAtMost(), Prices), request.InputTokensAtMost(), "ada", new ModelOptions());
    }
}
