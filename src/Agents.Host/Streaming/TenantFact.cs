using Agents.Host.Log;

namespace Agents.Host.Streaming;

/// <summary>A fact as it is sent to the readers of a tenant's runs.</summary>
/// <param name="Cursor">A reader that goes on after this number misses nothing.</param>
public sealed record TenantFact(long Number, long Cursor, string Tenant, RunEventView Event)
{
    public TenantFact(NumberedFact fact, long Cursor) : this(fact.Number, Cursor, fact.Tenant, new(
        fact.RunId, fact.Agent, fact.Status, fact.Stored.Version, fact.Stored.Type, fact.Stored.At, fact.Stored.Data))
    {
    }

    /// <summary>Made for the first reader that gets it, shared by all.</summary>
    internal FramesOfFact? Frames { get; set; }
}
