namespace Agents.Crash.Tests.Simulation;

/// <summary>Many seeds, on all cores.</summary>
static class Seeds
{
    /// <summary>Most violations kept; the rest are counted.</summary>
    const int Kept = 20;

    /// <summary>Lives every seed of a range once.</summary>
    public static (Tally Tally, IReadOnlyList<(int Seed, ViolationException Violation)> Violations) Run(int from, int count, Mutant mutant)
    {
        var (total, violations, gate) = (new Tally(), new List<(int Seed, ViolationException)>(), new Lock());
        Parallel.For(from, from + count, () => new Tally(), (seed, _, tally) =>
        {
            var world = new World(seed, mutant);
            if (world.Live() is { } violation)
            {
                world.Tally.Violations++;
                lock (gate)
                    if (violations.Count < Kept) violations.Add((seed, violation));
            }

            tally.Add(world.Tally);
            return tally;
        }, tally =>
        {
            lock (gate) total.Add(tally);
        });
        return (total, [.. violations.OrderBy(found => found.Seed)]);
    }

    /// <summary>The first seed in which a mutant breaks an invariant. Null when none does.</summary>
    public static int? FirstToBreak(Invariant invariant, Mutant mutant, int seeds)
    {
        for (var seed = 0; seed < seeds; seed++)
            if (new World(seed, mutant).Live()?.Invariant == invariant) return seed;
        return null;
    }

    /// <summary>Seed, invariant and everything that happened, for people.</summary>
    public static string Story(int seed, Mutant mutant)
    {
        var world = new World(seed, mutant, isTraced: true);
        var violation = world.Live();
        return $"""
            seed {seed}, agent {world.Agent.Name}, mutant {mutant}: {(violation is null ? "everything held" : violation.Message)}
            {world.Trace}
            """;
    }
}
