namespace Agents.Crash.Tests.Scenarios;

/// <summary>SIGSTOP of one of the nodes for 1 to 10 s while it holds runs.</summary>
public sealed class Pauses(Every every) : Fault
{
    static readonly Every Length = new(1, 10);

    public override string Name => "pauses";

    internal override Task Rage(Rig rig) => rig.StrikeNodes(every, stream: 3, async (node, random) =>
    {
        var held = await rig.HeldBy(node.NamePrefix);
        await node.Pause(Length.Next(random));
        Record(held is null ? null : held.Count > 0);
    });
}
