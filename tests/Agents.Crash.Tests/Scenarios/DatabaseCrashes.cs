namespace Agents.Crash.Tests.Scenarios;

/// <summary>PostgreSQL ends at once without writing anything down, and is started again up to two seconds later.</summary>
public sealed class DatabaseCrashes(Every every) : Fault
{
    public override string Name => "database crashes";

    internal override async Task Rage(Rig rig)
    {
        var random = new Random(rig.Play.Seed + 2);
        while (await rig.Waited(every.Next(random)))
        {
            var busy = await rig.Database.TryRows("select 1 from agents.run_queue limit 1");
            await rig.Database.Crash(TimeSpan.FromSeconds(random.NextDouble() * 2));
            Record(busy is null ? null : busy.Count > 0);
        }
    }
}
