using Agents.Benchmarks;

return args switch
{
    ["pool", "rates", .. var rest] => await Rates.Run(rest),
    ["retrieval", .. var rest] => await Retrieval.Run(rest),
    ["simulate", .. var rest] => Simulate.Run(rest),
    ["steps", .. var rest] => await Steps.Run(rest),
    ["history", .. var rest] => await History.Run(rest),
    ["growth", .. var rest] => await Growth.Run(rest),
    ["first-step", .. var rest] => await FirstStep.Run(rest),
    ["start", .. var rest] => await Start.Run(rest),
    ["search", .. var rest] => await Search.Run(rest),
    ["finance", .. var rest] => await FinanceViews.Run(rest),
    ["budgets", .. var rest] => await BudgetCheck.Run(rest),
    ["chaos", .. var rest] => await Chaos.Run(rest),
    ["readers", .. var rest] => await Streams.Readers(rest),
    ["latency", .. var rest] => await Streams.Latency(rest),
    ["idle", .. var rest] => await Streams.Idle(rest),
    ["idle-client", .. var rest] => await Streams.IdleClient(rest),
    ["signals", .. var rest] => await Streams.Signals(rest),
    ["pool", .. var rest] => await PoolVerbs.Run(rest),
    ["mutants", .. var rest] => await Mutants.Run(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine(
        """
        dotnet run -c Release --project tests/Agents.Benchmarks -- <verb>
          steps       durable no-op steps and model calls per second beside a bare Npgsql floor  [--runs N] [--at-once N] [--rounds N]
          growth      the same in a store that is full, and the last steps of a run of a thousand  [--finished N,N,…] [--runs N] [--at-once N]
          history     decisions of finished runs derived again, read models made anew, and what the hash chain costs a step  [--runs N] [--pairs N]
          first-step  from a request to the run's first step, on a server that has nothing else to do  [--runs N] [--pause MS]
          start       from the start of a process until it is ready, and from kill -9 until a run goes on  [--tries N] [--server DIR]
          search      time of a search over so many passages  [--passages N] [--searches N]
          simulate    the server's engine under faults, in a world of its own  [--seeds N] [--from N] [--mutant NAME] [--story SEED] [--json]
          finance     time of each finance view over a ledger, and the index it uses  [--rows N] [--days N]
          readers     readers of two nodes that are cut again and again [--readers N] [--cuts N] [--runs N]
          latency     from commit to reader, same node and other node   [--readers N] [--rounds N] [--runs N] [--word MS]
          idle        readers that sit still beside runs that do not    [--readers N] [--active N] [--seconds N]
          signals     steps per second with and without announcements   [--runs N] [--pairs N]
          budgets     model calls per second with and without budgets  [--runs N] [--at-once N] [--tenants N] [--pairs N] [--scopes 1|2|3]
          chaos       what crashes lose: C1, C2 … C24; takeovers: how long orphans wait  [--runs N] [--faults N] [--seed N] [--rate RUNS/S]
                      [--nodes N] [--away SECONDS] [--provider-faults SHARE] [--json]
          pool slots      two nodes under one limit, looked at each 50 ms   [--seconds N] [--hold MS]
          pool urgent     an urgent run behind thousands, a low one under a stream of urgent ones  [--backlog N] [--tries N] [--hold MS]
          pool fairness   few runs beside many, and weights 3 to 1      [--backlog N] [--slots N] [--hold MS]
          pool admission  what choosing a run costs by the length of the queue  [--tries N]
          pool rates      two nodes against a provider that counts: refusals, and the most in any minute  [--requests N] [--tokens N] [--minutes N] [--runs N]
          pool idle       statements a second on quiet nodes            [--seconds N] [--nodes N]
          mutants     every protection left out once, and who misses it  [--only PROTECTION]
          retrieval   how well questions over a folder of documents are answered --corpus DIR --questions FILE [--json] [--misses]
        """);
    return 2;
}
