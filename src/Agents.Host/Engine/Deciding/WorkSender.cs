using Agents.Domain.Runs;
using Wolverine;

namespace Agents.Host.Engine.Deciding;

/// <summary>Sends through Wolverine.</summary>
public sealed class WorkSender(IServiceScopeFactory scopes) : IWorkSender
{
    public async Task Send(string tenant, IEnumerable<Work> owed)
    {
        await using var scope = scopes.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<IMessageBus>().Send(tenant, owed);
    }
}
