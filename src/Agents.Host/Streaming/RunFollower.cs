using System.Runtime.CompilerServices;
using Agents.Domain.Runs;
using Agents.Host.Engine.Signals;
using Agents.Host.Log;

namespace Agents.Host.Streaming;

/// <summary>Reads a run's log and goes on reading as it grows, to its terminal fact, with the model's words in between.</summary>
public sealed class RunFollower(RunHubs hubs)
{
    /// <summary>How often a quiet stream sends a comment, so that proxies keep it open.</summary>
    static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>Facts held in memory for a reader that is behind.</summary>
    const int PageSize = 32;

    /// <summary>
    /// The facts after a version, then live, and what the model says meanwhile. Ends after the terminal fact, late bills included if they are there;
    /// at once when the tenant has no such run.
    /// </summary>
    public async IAsyncEnumerable<StreamedItem> Follow(string tenant, Guid runId, long after, [EnumeratorCancellation] CancellationToken ct)
    {
        if (await hubs.Join(tenant, runId) is not { } hub) yield break;
        try
        {
            var (at, given, since) = (Math.Max(0, after), new Given(), Environment.TickCount64);
            while (true)
            {
                ct.ThrowIfCancellationRequested();
                var view = hub.Since(at);
                var facts = view.Facts ?? await hubs.Page(hub, at, PageSize, ct);
                foreach (var fact in facts)
                {
                    foreach (var first in given.Before(fact.Happened)) yield return first;
                    yield return fact;
                    (at, since) = (fact.Stored.Version, Environment.TickCount64);
                }

                if (facts.Count > 0) continue;
                if (view.Text is not null && given.Next(view.Text) is { } delta)
                {
                    yield return delta;
                    since = Environment.TickCount64;
                    continue;
                }

                if (view.HasEnded) yield break;
                if (await Within(view.Changed, Heartbeat - TimeSpan.FromMilliseconds(Environment.TickCount64 - since), ct)) continue;
                yield return StreamedItem.Heartbeat.Instance;
                since = Environment.TickCount64;
            }
        }
        finally
        {
            hub.Leave();
        }
    }

    internal static async Task<bool> Within(Task changed, TimeSpan atMost, CancellationToken ct)
    {
        if (changed.IsCompleted) return true;
        if (atMost <= TimeSpan.Zero) return false;
        await changed.WaitAsync(atMost, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ct.ThrowIfCancellationRequested();
        return changed.IsCompleted;
    }

    /// <summary>What one reader has been given of the attempt under way.</summary>
    sealed class Given
    {
        (int Call, int Attempt) attempt;
        int length;

        public StreamedItem.Delta? Next(ReplyText text)
        {
            if (attempt != (text.Call, text.Attempt)) (attempt, length) = ((text.Call, text.Attempt), 0);
            var delta = text.From(length);
            length += delta?.Text.Length ?? 0;
            return delta;
        }

        /// <summary>What must stand before a fact: the rest of a reply, the whole of one whose thought was shown, or that the text is void.</summary>
        public IEnumerable<StreamedItem> Before(RunEvent fact)
        {
            switch (fact)
            {
                case ModelCallStarted e:
                    (attempt, length) = ((e.Call, e.Attempt), 0);
                    return [];
                case ModelCallCompleted { Reply: { TakenBackCharacters: > 0, Text.Length: 0 } } e:
                    return Void(e.Call, e.Attempt);
                case ModelCallCompleted e when Was(e.Call, e.Attempt) && length > 0:
                    return Rest(e, from: e.Reply.TakenBackCharacters > 0 ? 0 : length);
                case ModelCallFailed e:
                    return Void(e.Call, e.Attempt);
                case ModelCallOutcomeUnknown e:
                    return Void(e.Call, e.Attempt);
                default:
                    return [];
            }
        }

        static IEnumerable<StreamedItem> Rest(ModelCallCompleted e, int from)
        {
            if (from >= e.Reply.Text.Length) yield break;

            var whole = new ReplyText(e.Call, e.Attempt);
            whole.Append(e.Reply.Text);
            for (; whole.From(from) is { } piece; from += piece.Text.Length) yield return piece;
        }

        bool Was(int call, int number) => attempt == (call, number);

        /// <summary>An attempt that began before this connection may have been shown by an earlier one.</summary>
        IEnumerable<StreamedItem> Void(int call, int number)
        {
            var wasShown = !Was(call, number) || length > 0;
            length = 0;
            return wasShown ? [new StreamedItem.AttemptReset(call, number)] : [];
        }
    }
}
