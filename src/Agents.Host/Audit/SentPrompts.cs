using System.Collections.Concurrent;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Engine.Attempts;
using Agents.Host.Log;
using Agents.Host.Tools;
using Microsoft.Extensions.AI;

namespace Agents.Host.Audit;

/// <summary>I15: what the facts before a model call say it was sent has the hash that was stored before it was sent.</summary>
static class SentPrompts
{
    public static Invariant Invariant() => new("I15", "Each prompt that the facts make has the hash that was stored before it was sent.");

    public static async Task<IReadOnlyList<string>> In(
        StoredRun run, IReadOnlyDictionary<string, AgentDefinition> definitions, SnapshotLog log, CancellationToken ct)
    {
        if (run.Folded is not { } folded || run.Facts is not [{ Happened: RunQueued queued }, ..]) return []; // I1 and I4 say so
        if (!definitions.TryGetValue(queued.DefinitionHash, out var agent)) return []; // I14 says so

        var own = new LoadedRun(folded, [.. run.Facts.Select(fact => new LoggedFact(fact.Happened!, fact.At))]);
        var whole = await log.Whole(run.Tenant, own, ct);
        var said = new Conversation { Before = queued.Previous is null ? [] : await log.SaidBefore(run.Tenant, queued, ct) }
            .After(whole.Take(whole.Count - own.Facts.Count + 1), agent.Limits.PassagesPerStep);

        var wrong = new List<string>();
        foreach (var (before, fact) in run.History.Skip(1))
        {
            // How much of what was found a last word is told depends on the prices of its day; those are not looked at.
            if (fact.Happened is ModelCallStarted started && before.Closing is null && agent.Steps.ElementAtOrDefault(before.Step) is ModelStep step)
            {
                var (entry, model) = ModelPreparation.Asked(before, step, started);
                var request = ModelPreparation.RequestOf(before, agent, step, model, said, NamesOfTools.Only) with { Entry = entry };
                if (started.MaxOutputTokens is { } tokens) request = request.WithReplyOf(tokens);
                if (request.Hash() is var hash && hash != started.RequestHash)
                    wrong.Add($"{run} was sent {started.RequestHash} for attempt {started.Attempt} of call {started.Call} at {fact}; its facts make {hash}");
            }

            said = said.After([fact.Happened!], agent.Limits.PassagesPerStep);
        }

        return wrong;
    }

    /// <summary>A request's hash knows of a tool by its name alone.</summary>
    sealed class NamesOfTools : ITools
    {
        public static readonly NamesOfTools Only = new();

        public bool IsRepeatable(string tool) => true;

        readonly ConcurrentDictionary<string, AITool> declared = new(StringComparer.Ordinal);

        public AITool Declaration(string tool) =>
            declared.GetOrAdd(tool, name => AIFunctionFactory.Create(() => "", new AIFunctionFactoryOptions { Name = name }));

        public Task<ToolResult> Run(string tool, string arguments, ToolContext context, CancellationToken ct) =>
            throw new InvalidOperationException("A proof runs no tool.");
    }
}
