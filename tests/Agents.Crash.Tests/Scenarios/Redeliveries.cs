using System.Text.Json;
using Agents.Domain.Runs;
using Wolverine;

namespace Agents.Crash.Tests.Scenarios;

/// <summary>
/// Every message that was ever due comes again and again, in any order, in between messages of attempts that are over or not begun.
/// </summary>
/// <param name="copies">Of each message, each time.</param>
public sealed class Redeliveries(int copies) : Fault
{
    /// <summary>Facts looked back on each time.</summary>
    const int Newest = 40;

    static readonly Every Often = new(0.2, 1);

    readonly List<Guid> sent = [];

    public override string Name => "messages delivered again";

    internal override async Task Rage(Rig rig)
    {
        var random = new Random(rig.Play.Seed + 11);
        while (await rig.Waited(Often.Next(random)))
        {
            var due = await rig.Database.TryRows(
                """
                select stream_id, type, (coalesce(data->>'call', '0'))::int, coalesce(data->>'toolCallId', ''), coalesce(data->>'attempt', '1')::int
                from agents.mt_events where type in ('model_call_scheduled', 'tool_call_requested', 'tool_call_scheduled') order by seq_id desc limit $1
                """, Newest);
            var busy = await rig.Database.TryRows("select 1 from agents.run_queue limit 1");
            foreach (var queue in due!.GroupBy(row => (string)row[1] == "model_call_scheduled" ? typeof(CallModel) : typeof(RunTool)))
            {
                var messages = queue.SelectMany(row => Copies((Guid)row[0], (int)row[2], (string)row[3], (int)row[4])).ToArray();
                random.Shuffle(messages);
                await Inbox.Put(rig.Database, queue.Key.FullName!, messages);
                sent.AddRange(messages.Select(message => message.Id));
                foreach (var _ in messages) Record(busy is { Count: > 0 });
            }
        }
    }

    /// <summary>A message a few times, and one each of the attempts before and after.</summary>
    IEnumerable<Envelope> Copies(Guid run, int call, string tool, int attempt)
    {
        for (var copy = 0; copy < copies; copy++) yield return Of(attempt);
        yield return Of(attempt - 1);
        yield return Of(attempt + 1);

        Envelope Of(int number) => tool.Length == 0
            ? Inbox.Message(typeof(CallModel).FullName!, JsonSerializer.SerializeToUtf8Bytes(new CallModel(run, call, number)))
            : Inbox.Message(typeof(RunTool).FullName!, JsonSerializer.SerializeToUtf8Bytes(new RunTool(run, tool, number)));
    }

    internal override async Task<IEnumerable<string>> Problems(Rig rig)
    {
        var handled = await rig.Database.TryRows(
            "select count(*)::int from wolverine.wolverine_incoming_envelopes where id = any($1) and status = 'Handled'", sent.ToArray());
        return (int)handled![0][0] == sent.Count ? [] : [$"{handled[0][0]} of {sent.Count} repeated messages were taken up."];
    }
}
