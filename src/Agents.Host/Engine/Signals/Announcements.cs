using System.Buffers.Text;
using System.Text;
using Agents.Host.Engine.Queue;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Signals;

/// <summary>
/// Tells the other nodes which runs were written to here, and wakes this one when they tell. Sent after the commits, many in one: inside the writing
/// transactions it would make all commits wait for each other.
/// </summary>
/// <remarks>
/// A notification is the node's name, then for each run a letter and the id in 22 letters of base64url: <c>r</c> written to, <c>q</c> wants a slot
/// or gives one back, <c>e</c> ended before its time, <c>t</c> has more text, <c>f</c> is followed; <c>s</c> with an empty id: a schedule was
/// changed. What is lost, such as while a connection is broken, is repaired by slow polls.
/// </remarks>
public sealed class Announcements(Node node, NodeSignals signals, NpgsqlDataSource database, ILogger<Announcements> log) : BackgroundService
{
    /// <summary>The channel of LISTEN and NOTIFY.</summary>
    public const string Channel = "agents_signals";

    /// <summary>Signals in one notification; PostgreSQL takes 8,000 bytes.</summary>
    internal const int MostAtOnce = 300;

    /// <summary>How long signals are gathered before they are sent.</summary>
    static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(10);

    const int IdLetters = 22;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        node.Heard += Receive;
        await Rounds.Forever("Telling other nodes", Round, () => Task.CompletedTask, log, stoppingToken);

        async Task Round()
        {
            await signals.Committed.WaitToReadAsync(stoppingToken);
            await Task.Delay(Gathering, stoppingToken);
            var gathered = new Dictionary<(Guid, News), Signal>();
            while (gathered.Count < MostAtOnce && signals.Committed.TryRead(out var signal))
            {
                var about = (signal.RunId, signal.News);
                gathered[about] = gathered.TryGetValue(about, out var earlier) ? Both(earlier, signal) : signal;
            }

            await database.Execute("select pg_notify(@channel, @text)", new { Channel, text = TextOf(node.Name, gathered.Values) }, stoppingToken);
        }
    }

    void Receive(string text)
    {
        var (sender, announced) = SignalsIn(text);
        if (sender == node.Name) return;
        foreach (var signal in announced) signals.Receive(signal);
    }

    internal static string TextOf(string sender, IEnumerable<Signal> signals)
    {
        var text = new StringBuilder(sender).Append(' ');
        foreach (var signal in signals)
            text.Append(LetterOf(signal)).Append(Base64Url.EncodeToString(signal.RunId.ToByteArray()));
        return text.ToString();
    }

    /// <summary>What is not written as nodes write is passed over: any user of the database can send.</summary>
    internal static (string Sender, IReadOnlyList<Signal> Signals) SignalsIn(string text)
    {
        var end = text.IndexOf(' ', StringComparison.Ordinal);
        var signals = new List<Signal>();
        var id = new byte[16];
        for (var at = end + 1; end > 0 && at + IdLetters < text.Length; at += 1 + IdLetters)
            if (Base64Url.TryDecodeFromChars(text.AsSpan(at + 1, IdLetters), id, out var length) && length == id.Length)
                signals.Add(SignalOf(text[at], new(id)));
        return (text[..Math.Max(end, 0)], signals);
    }

    static char LetterOf(Signal signal) => signal.News switch
    {
        News.Text => 't',
        News.Followed => 'f',
        News.Schedules => 's',
        _ => signal.Ends ? 'e' : signal.MovesTheQueue ? 'q' : 'r',
    };

    static Signal SignalOf(char letter, Guid runId) => letter switch
    {
        't' => new(runId, News.Text),
        'f' => new(runId, News.Followed),
        's' => new(runId, News.Schedules),
        _ => new(runId, MovesTheQueue: letter is 'q' or 'e', Ends: letter is 'e'),
    };

    static Signal Both(Signal earlier, Signal later) =>
        new(later.RunId, earlier.MovesTheQueue || later.MovesTheQueue, earlier.Ends || later.Ends, later.News);
}
