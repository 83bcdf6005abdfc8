using Agents.Domain.Runs;

namespace Agents.Host.Engine.Deciding;

/// <summary>Sends work outside of any transaction. Sent twice it does no harm, because the claim decides.</summary>
public interface IWorkSender
{
    Task Send(string tenant, IEnumerable<Work> owed);
}
