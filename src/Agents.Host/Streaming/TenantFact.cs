using System.Threading.Channels;
using Agents.Host.Log;
using Npgsql;

namespace Agents.Host.Streaming;

/// <summary>A fact among those of all runs.</summary>
/// <param name="Number">Its place in the log.</param>
/// <param name="Cursor">Who goes on from here misses nothing.</param>
public sealed record TenantFact(long Number, long Cursor, string Tenant, RunEventView Event)
{
    internal Frame? Frame { get; set; }
}
