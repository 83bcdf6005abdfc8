using Agents.Domain.Runs;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Webhooks;
using JasperFx;
using JasperFx.CodeGeneration;
using JasperFx.Events;
using Marten.Exceptions;
using Npgsql;
using Wolverine;
using Wolverine.Configuration;
using Wolverine.ErrorHandling;

namespace Agents.Host.Engine;

/// <summary>The settings that decide whether work survives; each was measured, none is a default.</summary>
public static class WolverineSettings
{
    /// <summary>
    /// Beside the call itself: claim and report, with their retries. Past its time a handler's message would go to the dead letters.
    /// </summary>
    static readonly TimeSpan AroundACall = TimeSpan.FromMinutes(8);

    /// <summary>
    /// A row of the inbox or outbox that is still there so long after it was stored is free for any node. A COMMIT whose answer was lost leaves
    /// such a row with a living node that does not know of it. A message worked on for longer comes a second time, once; the claim turns it away.
    /// </summary>
    static readonly TimeSpan StaleAfter = TimeSpan.FromMinutes(1);

    /// <summary>How often Wolverine looks for nodes that are gone, and for messages that are due or that no node has.</summary>
    static readonly TimeSpan Repairs = TimeSpan.FromSeconds(20);

    /// <summary>Queues of messages that are not stored.</summary>
    static readonly IReadOnlySet<string> InMemory = new HashSet<string> { NameOf(typeof(CallModel)), NameOf(typeof(RunTool)) };

    /// <summary>As Wolverine names the local queue of a message type.</summary>
    public static string NameOf(Type message) => message.FullName!.ToLowerInvariant();

    public static void Apply(WolverineOptions wolverine, WorkerOptions workers, TimeSpan longestCall)
    {
        var longestHandler = longestCall + AroundACall;
        wolverine.ApplicationAssembly = typeof(WolverineSettings).Assembly;
        wolverine.CodeGeneration.TypeLoadMode = TypeLoadMode.Static;
        wolverine.AutoBuildMessageStorageOnStartup = AutoCreate.None; // DatabaseSetup does it, one node at a time
        // Default ids collide between processes of one machine, and a collision is dropped.
        wolverine.EnvelopeIdGeneration = EnvelopeIdGeneration.GuidV7;

        // What is not stored is owed by the checkpoint: whoever takes over a run, or finds it silent, sends its work again. A node that works on no runs
        // stores its messages, and another one takes them.
        wolverine.Policies.AllLocalQueues(queue =>
        {
            if (workers.MaxRuns > 0 && InMemory.Contains(((ListenerConfiguration)queue).Endpoint.EndpointName)) queue.BufferedInMemory();
            else queue.UseDurableInbox();
        });
        wolverine.Policies.UseDurableInboxOnAllListeners();
        wolverine.Policies.UseDurableOutboxOnAllSendingEndpoints();
        wolverine.Policies.AutoApplyTransactions();
        var parallel = Math.Max(1, workers.MaxRuns);
        wolverine.LocalQueueFor<CallModel>().MaximumParallelMessages(parallel);
        wolverine.LocalQueueFor<RunTool>().MaximumParallelMessages(parallel);
        wolverine.UnknownMessageBehavior = UnknownMessageBehavior.DeadLetterQueue; // by default it is logged, marked as handled, and gone
        wolverine.DefaultExecutionTimeout = longestHandler; // 60 s by default, then straight to dead letters

        var durability = wolverine.Durability;
        durability.Mode = workers.MaxRuns > 0
            ? DurabilityMode.Balanced // a solo host on another node's database would take its messages
            : DurabilityMode.MediatorOnly; // takes no messages at all
        // Few messages are durable, and duties of our own look after the runs they are about: these polls only repair.
        durability.HealthCheckPollingTime = Repairs;
        durability.FirstHealthCheckExecution = TimeSpan.FromMilliseconds(500);
        durability.StaleNodeTimeout = 3 * Repairs;
        durability.CheckAssignmentPeriod = Repairs;
        durability.NodeReassignmentPollingTime = Repairs;
        durability.OrphanedMessageSweepPollingTime = Repairs;
        durability.ScheduledJobPollingTime = Repairs;
        durability.UpdateMetricsPeriod = TimeSpan.FromMinutes(1);
        durability.ScheduledJobFirstExecution = TimeSpan.FromMilliseconds(200);
        durability.RecoveryBatchSize = 500;
        durability.InboxStaleTime = StaleAfter; // null by default: a row stranded on a living node stays for ever
        durability.OutboxStaleTime = StaleAfter;
        durability.KeepAfterMessageHandling = TimeSpan.FromHours(1);
        durability.DrainTimeout = workers.DrainTimeout;

        // Our own plumbing is tried again; what fails outside is a fact and never comes here.
        Patiently(wolverine.Policies.OnException<NpgsqlException>());
        Patiently(wolverine.Policies.OnException<MartenCommandException>(e => e.InnerException is NpgsqlException { IsTransient: true }
            or PostgresException { SqlState: "57P01" or "57P02" or "57P03" or "40001" or "40P01" or "53300" }));
        // The connection broke under the session; the next try has a new one.
        Patiently(wolverine.Policies.OnException<SessionTransactionUnusableException>());
        Patiently(wolverine.Policies.OnException<ObjectDisposedException>());
        Patiently(wolverine.Policies.OnException<IOException>());
        wolverine.Policies.OnException<WebhookFailedException>().ScheduleRetry( // then a dead letter, which can be replayed
            TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30),
            TimeSpan.FromHours(2), TimeSpan.FromHours(8), TimeSpan.FromHours(24));
        wolverine.Policies.OnException<EventStreamUnexpectedMaxEventIdException>().RetryWithCooldown(
            TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500));
    }

    /// <summary>A short wait keeps the parallel slot, a long one gives it back.</summary>
    static void Patiently(PolicyExpression policy)
    {
        policy
            .RetryWithCooldown(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(250), TimeSpan.FromMilliseconds(500))
            .Then.ScheduleRetry(
                TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10),
                TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5));
    }
}
