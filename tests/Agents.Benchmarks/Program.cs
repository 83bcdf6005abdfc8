using Agents.Benchmarks;

return args switch
{
    ["retrieval", .. var rest] => await Retrieval.Run(rest),
    ["simulate", .. var rest] => Simulate.Run(rest),
    ["steps", .. var rest] => await Steps.Run(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine(
        """
        dotnet run -c Release --project tests/Agents.Benchmarks -- <verb>
          steps       durable no-op steps per second beside a bare Npgsql floor  [--runs N] [--at-once N] [--rounds N]
          simulate    the workers' protocol around the real decider, under faults  [--seeds N] [--from N] [--mutant NAME] [--story SEED] [--json]
          retrieval   how well questions over a folder of documents are answered --corpus DIR --questions FILE [--json] [--misses]
        """);
    return 2;
}
