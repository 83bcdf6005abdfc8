using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Agents.Host.Log;
using Agents.Host.Platform;

namespace Agents.Host.Streaming;

/// <summary>Follows all runs of a tenant in one stream, which never ends by itself.</summary>
public sealed class TenantFollower(Tail tail)
{
    static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>Facts after a cursor, then live. Each at least once: a fact may come again after the cursor was used.</summary>
    /// <param name="seesMoney">Whether the reader may see amounts.</param>
    /// <param name="after">Null begins now.</param>
    /// <param name="wanted">Which facts to send.</param>
    public async IAsyncEnumerable<Frame> Follow(
        string tenant, bool seesMoney, long? after, Func<RunEventView, bool> wanted, [EnumeratorCancellation] CancellationToken ct)
    {
        using var reader = tail.Join();
        var view = await tail.Begin(ct);
        var (position, since) = (view.Position, Environment.TickCount64);
        var cursor = after ?? view.Settled;
        if (after is null) yield return CursorAlone(cursor); // so that a stream that breaks before its first fact is resumed from here too
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            if (after is { } number)
            {
                // The position was taken before the log is read, so nothing falls between the log and what comes live.
                var stored = await tail.After(tenant, number, from: cursor, upTo: tail.Since(position).Settled, ct);
                foreach (var fact in stored)
                {
                    cursor = fact.Cursor;
                    if (wanted(fact.Event)) yield return FramesOf(fact).For(seesMoney);
                }

                after = stored.Count == Tail.PageSize ? stored[^1].Number : null;
                continue;
            }

            view = tail.Since(position);
            if (view.Facts is not { } live)
            {
                (after, position) = (cursor, view.Position); // too far behind
                continue;
            }

            position = view.Position;
            foreach (var fact in live)
            {
                cursor = Math.Max(cursor, fact.Cursor);
                if (fact.Tenant != tenant || !wanted(fact.Event)) continue;
                since = Environment.TickCount64;
                yield return FramesOf(fact).For(seesMoney);
            }

            if (live.Count > 0) continue;
            var atMost = Heartbeat - TimeSpan.FromMilliseconds(Environment.TickCount64 - since);
            if (atMost > TimeSpan.Zero && await RunFollower.Within(view.Changed, atMost, ct)) continue;
            cursor = Math.Max(cursor, view.Settled);
            yield return CursorAlone(cursor);
            since = Environment.TickCount64;
        }
    }

    static FramesOfFact FramesOf(TenantFact fact) => fact.Frames ??= new(new(
        fact.Cursor.ToString(CultureInfo.InvariantCulture), fact.Event.Type, JsonSerializer.Serialize(fact.Event, JsonFormat.Api)));

    static Frame CursorAlone(long cursor) => new(cursor.ToString(CultureInfo.InvariantCulture), null, null);
}
