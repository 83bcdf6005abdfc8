using Agents.Host.Engine.Duties;
using Agents.Host.Tests.Costs;
using Microsoft.Extensions.DependencyInjection;

namespace Agents.Host.Tests.Duties;

public sealed class CloseDaysTests(Books books) : IClassFixture<Books>
{
    [Fact]
    public async Task A_poisoned_day_holds_no_other_back()
    {
        foreach (var tenant in new[] { "a-poisoned", "b-sound" })
            await books.Store(tenant, await books.Call(1, new(1000, 10, CachedInputTokens: 300)));
        foreach (var change in new[]
        {
            "alter table finance.model_call disable trigger append_only",
            "update finance.model_call set day = day - 1, at = at - interval '1 day'",
            // Its sum cannot be written.
            "update finance.model_call set input_price_usd = ('9' || repeat('0', 131071))::numeric where tenant_id = 'a-poisoned'",
        })
        {
            await using var command = books.Database.CreateCommand(change);
            await command.ExecuteNonQueryAsync();
        }

        var services = books.Host.Services;
        using var setAside = ActivatorUtilities.CreateInstance<SetAside>(services);
        using var duty = ActivatorUtilities.CreateInstance<DutyHost>(
            services, new IDuty[] { ActivatorUtilities.CreateInstance<CloseDays>(services) }, setAside);
        await duty.StartAsync(TestContext.Current.CancellationToken);

        await PoisonedServer.Until(async () =>
            await books.Scalar<long>("select count(*) from finance.day_sum where tenant_id = 'b-sound'") == 1, "the sum of the sound day");
        Assert.Equal(0, await books.Scalar<long>("select count(*) from finance.day_sum where tenant_id = 'a-poisoned'"));
        await PoisonedServer.Until(
            async () => await books.Scalar<string>("select tenant_id from agents.set_aside where duty = 'close days'") == "a-poisoned",
            "the poisoned day set aside");
        await duty.StopAsync(TestContext.Current.CancellationToken);
    }
}
