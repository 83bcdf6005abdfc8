using Agents.Benchmarks;

return args switch
{
    ["retrieval", .. var rest] => await Retrieval.Run(rest),
    ["simulate", .. var rest] => Simulate.Run(rest),
    ["steps", .. var rest] => await Steps.Run(rest),
    ["chaos", .. var rest] => await Chaos.Run(rest),
    ["mutants", .. var rest] => await Mutants.Run(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine(
        """
        dotnet run -c Release --project tests/Agents.Benchmarks -- <verb>
          steps       durable no-op steps per second beside a bare Npgsql floor  [--runs N] [--at-once N] [--rounds N]
          simulate    the workers' protocol around the real decider, under faults  [--seeds N] [--from N] [--mutant NAME] [--story SEED] [--json]
          chaos       what crashes lose: C1, C2 … C24  [--runs N] [--faults N] [--seed N] [--rate RUNS/S] [--provider-faults SHARE] [--json]
          mutants     every protection left out once, and who misses it; with -p:Mutants=true  [--seed N] [--only PROTECTION]
          retrieval   how well questions over a folder of documents are answered --corpus DIR --questions FILE [--json] [--misses]
        """);
    return 2;
}
