using Npgsql;

namespace Agents.Crash.Tests.Scenarios;

/// <summary>Some COMMITs are carried out and their replies are lost with the connection: nobody can tell whether the work was stored.</summary>
public sealed class LostCommitReplies : Fault, IAsyncDisposable
{
    readonly Random random;
    readonly int oneIn;
    DatabaseProxy? proxy;

    public LostCommitReplies(Play play, int oneIn) => (random, this.oneIn) = (new(play.Seed + 10), oneIn);

    public override string Name => "lost replies to COMMIT";

    public override string Through(string connection)
    {
        proxy = new(new NpgsqlConnectionStringBuilder(connection), LosesReply);
        return proxy.ConnectionString;
    }

    bool LosesReply()
    {
        lock (random)
            if (random.Next(oneIn) != 0) return false;

        Record(hadRuns: true);
        return true;
    }

    public ValueTask DisposeAsync() => proxy?.DisposeAsync() ?? ValueTask.CompletedTask;
}
