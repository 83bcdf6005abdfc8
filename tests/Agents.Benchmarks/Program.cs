using Agents.Benchmarks;

return args is ["retrieval", .. var rest] ? await Retrieval.Run(rest) : 2;
