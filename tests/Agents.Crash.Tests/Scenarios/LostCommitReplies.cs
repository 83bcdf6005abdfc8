using Npgsql;

namespace Agents.Crash.Tests.Scenarios;

/// <summary>Some COMMITs are carried out and their replies are lost with the connection: nobody can tell whether the work was stored.</summary>
public sealed class LostCommitReplies : Fault, IAsyncDisposable
{
    readonly Random random;
    readonly int oneIn;
    DatabaseProxy? proxy;
    volatile bool isOver;

    public LostCommitReplies(Play play, int oneIn) => (random, this.oneIn) = (new(play.Seed + 10), oneIn);

    public override string Name => "lost replies to COMMIT";

    internal override async Task Rage(Rig rig)
    {
        while (await rig.Waited(TimeSpan.FromSeconds(1))) { }
        isOver = true;
    }

    public override string Through(string connection)
    {
        proxy = new(new NpgsqlConnectionStringBuilder(connection), LosesReply);
        return proxy.ConnectionString;
    }

    bool LosesReply()
    {
        lock (random)
            if (isOver || random.Next(oneIn) != 0) return false;

        Record(hadRuns: true);
        return true;
    }

    public ValueTask DisposeAsync() => proxy?.DisposeAsync() ?? ValueTask.CompletedTask;
}
