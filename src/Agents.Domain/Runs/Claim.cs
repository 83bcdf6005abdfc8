namespace Agents.Domain.Runs;

/// <summary>Whether a worker may perform an attempt. Keeps an attempt from being performed twice unnoticed.</summary>
public abstract record Claim
{
    private Claim() { }

    /// <summary>Go ahead, once this fact is stored.</summary>
    public sealed record Taken(RunEvent Started) : Claim;

    /// <summary>A worker that is gone had started this attempt and will never report: report it lost.</summary>
    public sealed record Lost : Claim;

    /// <summary>The run moved on or stands still, or a living worker has the attempt; do nothing.</summary>
    public sealed record NotDue : Claim;

    /// <param name="started">The fact to store if the claim is taken.</param>
    /// <param name="ownerIsGone">Whether the worker that started the attempt has died. Ignored when nobody started it.</param>
    public static Claim On(Run run, CallModel work, ModelCallStarted started, bool ownerIsGone) => run.ModelCall switch
    {
#if MUTANTS
        { Status: AttemptStatus.Started } call when IsOf(call, work) && Mutation.Without("claim") => new Taken(started),
#endif
        { Status: AttemptStatus.Started } call when IsOf(call, work) && ownerIsGone => new Lost(),
        { Status: AttemptStatus.Scheduled } call when IsOf(call, work) && run.Status is RunStatus.Running => new Taken(started),
        _ => new NotDue(),
    };

    /// <inheritdoc cref="On(Run, CallModel, ModelCallStarted, bool)"/>
    public static Claim On(Run run, RunTool work, ToolCallStarted started, bool ownerIsGone) => run.ToolCalls.GetValueOrDefault(work.ToolCallId) switch
    {
        { Status: ToolCallStatus.Started } call when call.Attempt == work.Attempt && ownerIsGone => new Lost(),
        { Status: ToolCallStatus.Scheduled } call when call.Attempt == work.Attempt && run.Status is RunStatus.Running => new Taken(started),
        _ => new NotDue(),
    };

    static bool IsOf(ModelAttempt call, CallModel work) => call.Call == work.Call && call.Number == work.Attempt;
}
