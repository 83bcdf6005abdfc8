using Agents.Domain.Costs;
using CsCheck;

namespace Agents.Domain.Tests.Costs;

/// <summary>What a call can cost at most, how it is made to fit, and how a refusal reads.</summary>
public sealed class BudgetTests
{
    static readonly Price Mini = new(0.15m, 0.60m, CachedInput: 0.075m);

    [Fact]
    public void A_call_that_fits_is_offered_as_it_is() =>
        Assert.Equal(new(Mini, 1000, 4096), new CallEstimate(Mini, 1000, 4096).Within(1m));

    [Fact]
    public void A_call_too_large_for_the_room_gets_a_shorter_reply()
    {
        var shorter = new CallEstimate(Mini, 1000, 4096).Within(0.00075m);

        Assert.Equal(1000, shorter!.OutputTokens); // 0.00015 for the input leaves 0.0006 for 1,000 tokens
        Assert.Equal(0.00075m, shorter.UpperUsd());
    }

    [Fact]
    public void A_call_that_would_leave_too_short_a_reply_does_not_fit()
    {
        var call = new CallEstimate(Mini, 1000, 4096);

        Assert.Equal(0.0003036m, call.LeastUsd()); // 256 tokens of reply
        Assert.NotNull(call.Within(0.0003036m));
        Assert.Null(call.Within(0.0003035m));
        Assert.Null(call.Within(-1m));
    }

    [Fact]
    public void A_short_reply_that_was_asked_for_may_be_shorter_than_the_least() =>
        Assert.Equal(100, new CallEstimate(Mini, 0, 100).Within(0.00006m)!.OutputTokens);

    [Fact]
    public void What_costs_nothing_always_fits() =>
        Assert.Equal(4096, new CallEstimate(new(0, 0), 1_000_000, 4096).Within(0)!.OutputTokens);

    [Fact]
    public void A_long_input_is_fitted_at_its_own_price()
    {
        var price = new Price(1, 2, LongInput: new(1000, new(2, 4)));

        Assert.Equal(500, price.OutputTokensWithin(0.001m, 0));
        Assert.Equal(249, price.OutputTokensWithin(0.003m, 1001)); // 0.002002 for the input leaves 0.000998
    }

    [Fact]
    public void A_fee_for_the_request_is_kept_before_its_tokens()
    {
        var call = new CallEstimate(new(1, 2, RequestFee: 0.01m), 1000, 4096);

        Assert.Equal(0.01m + 0.001m + 0.008192m, call.UpperUsd());
        Assert.Equal(500, call.Within(0.012m)!.OutputTokens);
        Assert.Null(call.Within(0.011511m)); // 255.5 tokens of reply
        Assert.Null(new CallEstimate(new(0, 0, RequestFee: 0.01m), 1000, 4096).Within(0.009m));
    }

    [Fact]
    public void What_fits_is_within_the_room_and_one_token_more_is_not() =>
        Gen.Select(Gen.Int[0, 500_000], Gen.Int[1, 20_000], Gen.Int[0, 5_000], Gen.Int[0, 5_000], Gen.Int[0, 5_000], Gen.Int[0, 2_000_000])
            .Sample((input, output, inPrice, outPrice, fee, room) =>
        {
            var price = new Price(inPrice / 100m, outPrice / 100m, RequestFee: fee / 10_000m);
            var (call, usd) = (new CallEstimate(price, input, output), room / 1_000_000m);
            if (call.Within(usd) is not { } fitting)
            {
                Assert.True(call.LeastUsd() > usd);
                return;
            }

            Assert.True(fitting.UpperUsd() <= usd);
            Assert.InRange(fitting.OutputTokens, Math.Min(output, CallEstimate.LeastOutputTokens), output);
            if (fitting.OutputTokens < output) Assert.True((fitting with { OutputTokens = fitting.OutputTokens + 1 }).UpperUsd() > usd);
        }, iter: 10_000);

    [Fact]
    public void A_refusal_names_the_budget_and_its_figures()
    {
        var refusal = new BudgetRefusal(new(BudgetScope.Agent, "research", BudgetPeriod.Month), 10.00m, 9.9500m, 0.04m, 0.02m, 0.015m);

        Assert.Equal(0.01m, refusal.RoomUsd());
        Assert.Equal(
            "The monthly budget of agent research has no room: 9.95 of 10 USD are spent and 0.04 reserved; the next call may cost 0.02.",
            refusal.Text());
        Assert.EndsWith(
            "the next call's model has no price, so that nothing can be reserved for it.", (refusal with { WantedUsd = null }).Text(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_reason_of_a_refusal_names_no_amount()
    {
        var refusal = new BudgetRefusal(new(BudgetScope.Tenant, "acme", BudgetPeriod.Day), 10.00m, 9.9500m, 0.04m, 0.02m, 0.015m);

        Assert.Equal("The daily budget of tenant acme has no room for the next call.", refusal.Reason());
        Assert.Equal(
            "The daily budget of tenant acme has no room: the next call's model has no price, so that nothing can be reserved for it.",
            (refusal with { WantedUsd = null }).Reason());
    }

    [Theory]
    [InlineData(BudgetScope.Tenant, BudgetPeriod.Day, "the daily budget of tenant x")]
    [InlineData(BudgetScope.Key, BudgetPeriod.Total, "the budget of key x")]
    [InlineData(BudgetScope.Run, BudgetPeriod.Total, "the run's own budget")]
    public void A_budget_is_called_by_whose_it_is(BudgetScope scope, BudgetPeriod period, string name) =>
        Assert.Equal(name, new BudgetName(scope, "x", period).ToString());
}
