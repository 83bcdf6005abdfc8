using System.Text;
using Agents.Domain.Runs;

namespace Agents.Crash.Tests.Scenarios;

/// <summary>
/// Messages whose body is no JSON, whose JSON is none of ours, or whose type nobody knows. Each is given up at once and kept for people; nothing else
/// is disturbed.
/// </summary>
public sealed class PoisonMessages : Fault
{
    static readonly Every Often = new(0.2, 1);

    static readonly (string Type, string Body)[] Kinds =
    [
        (typeof(CallModel).FullName!, "{\"runId\": oops"),
        (typeof(CallModel).FullName!, ""),
        (typeof(CallModel).FullName!, "[]"),
        (typeof(CallModel).FullName!, """{"RunId": "not an id", "Call": 1, "Attempt": 1}"""),
        (typeof(RunTool).FullName!, "\0\0\0\0"),
        ("Agents.Domain.Runs.FormatDisk", "{}"),
        ("System.Diagnostics.Process", """{"StartInfo": {"FileName": "/bin/true"}}"""),
    ];

    readonly List<Guid> sent = [];

    public override string Name => "poison messages";

    internal override async Task Rage(Rig rig)
    {
        var random = new Random(rig.Play.Seed + 12);
        while (await rig.Waited(Often.Next(random)))
        {
            var (type, body) = Kinds[sent.Count % Kinds.Length];
            var message = Inbox.Message(type, Encoding.UTF8.GetBytes(body));
            await Inbox.Put(
                rig.Database, (type.Contains("RunTool", StringComparison.Ordinal) ? typeof(RunTool) : typeof(CallModel)).FullName!, [message]);
            sent.Add(message.Id);
            Record(hadRuns: true);
        }
    }

    /// <summary>Exactly the poison was given up. It is taken away, as a person would who has seen it.</summary>
    internal override async Task<IEnumerable<string>> Problems(Rig rig)
    {
        var given = (await rig.Database.TryRows(
            "delete from wolverine.wolverine_dead_letters where id = any($1) returning id", sent.ToArray()))!.Select(row => (Guid)row[0]).ToHashSet();
        var missing = await rig.Database.TryRows("select id, message_type, status from wolverine.wolverine_incoming_envelopes where id = any($1)",
            sent.Where(id => !given.Contains(id)).ToArray());
        return given.Count == sent.Count
            ? []
            : [
                $"Of {sent.Count} poison messages {given.Count} were given up; {string.Join(", ", missing!.Select(row => $"{row[1]} is {row[2]}").Distinct())}."];
    }
}
