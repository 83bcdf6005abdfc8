using Agents.Host.Engine.Money;
using Agents.Host.Postgres;
using Microsoft.Extensions.DependencyInjection;

namespace Agents.Host.Tests.Costs;

/// <summary>A node that starts where another has published the prices already.</summary>
public sealed class SecondNodePricesTests(App app)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_node_knows_prices_that_were_published_before_it_started(bool isStarted)
    {
        using var prices = new Prices(app.Database, app.Host.Services.GetRequiredService<DatabaseClock>());
        if (isStarted) await prices.StartAsync(TestContext.Current.CancellationToken);

        Assert.NotNull((await prices.InForce("default", TestContext.Current.CancellationToken)).For("gpt-4o-mini"));
    }
}
