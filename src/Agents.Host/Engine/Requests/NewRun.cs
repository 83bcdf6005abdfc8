using System.Diagnostics;
using System.Security.Cryptography;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Http;
using Agents.Host.Knowledge;
using Agents.Host.Models;
using Marten;

namespace Agents.Host.Engine.Requests;

/// <summary>A run that is asked for, whichever API it is asked by.</summary>
/// <param name="Key">The caller's idempotency key. Null when none was given.</param>
/// <param name="RequestHash">SHA-256 of the request. Null when it need not be recognised.</param>
public sealed record NewRun(
    AskedAgent Agent, string Question, int Priority, IReadOnlyDictionary<string, string>? Metadata, decimal? BudgetUsd,
    string? Key, string? RequestHash, ThreadPlace Thread, Brief? Brief)
{
    /// <summary>Of the steps that name none. Null means the agent's, else the server's.</summary>
    public string? Model { get; init; }

    /// <summary>Null means at once.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Null means that only the agent's duration ends it.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>The batch it belongs to. Null when it is asked for alone.</summary>
    public Guid? Batch { get; init; }

    /// <summary>The schedule that asks for it. Null when a caller does.</summary>
    public Firing? Schedule { get; init; }

    /// <summary>Its id where that follows from what asks for it, so that it cannot be made twice. Null for a new one.</summary>
    public Guid? Id { get; init; }

    /// <summary>Queues it in the session's transaction. Its id.</summary>
    public Guid Queue(IDocumentSession session, ModelProviders models, Caller caller)
    {
        var runId = Id ?? Guid.CreateVersion7();
        var (agent, storedHash) = Agent.For(runId);
        session.Events.StartStream<Run>(runId, new RunQueued(
            agent.Name, agent.Version, storedHash ?? Definitions.Store(session, agent), Model ?? agent.Model ?? models.Main.Default,
            CleanText.Of(Sanitiser.Text(Question, TextBounds.QuestionCharacters)), Priority, caller.Name,
            agent.Limits.Duration ?? Limits.DefaultDuration,
            Labels.Clean(Metadata), BudgetUsd, Key is null ? null : Sanitiser.Text(Key, TextBounds.KeyCharacters), RequestHash,
            TraceParent: Activity.Current?.Id,
            ThreadId: Thread.ThreadId, Previous: Thread.Previous, After: Thread.After, Brief: Brief,
            NotBefore: NotBefore, Deadline: Deadline, Batch: Batch, Schedule: Schedule, RequestedByKey: caller.KeyId));
        return runId;
    }

    /// <summary>SHA-256 of a request, lower-case hex.</summary>
    public static string HashOf(ReadOnlySpan<byte> request) => Convert.ToHexStringLower(SHA256.HashData(request));
}
