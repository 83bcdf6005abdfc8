namespace Agents.Crash.Tests.Simulation;

/// <summary>
/// How often each thing goes wrong, in a thousand. Drawn anew for each seed, many of them zero: a seed with one kind of trouble reaches
/// places that a seed with all kinds never gets to.
/// </summary>
/// <param name="Crash">Of each tick: some process dies, with all it has in memory, and comes back under another name.</param>
/// <param name="Pause">Of each tick: some process stands still, and wakes with what it knew.</param>
/// <param name="Duplicate">Of each delivery: the message comes again.</param>
/// <param name="LoseMessage">Of each message: it is never delivered.</param>
/// <param name="DelayMessage">Of each message: it is late.</param>
/// <param name="LoseAcknowledgement">Of each commit: it is stored, and the caller is told that it failed.</param>
/// <param name="FailCommit">Of each commit: it is not stored.</param>
/// <param name="WrongVerdict">Of each look at a living worker: it is taken for dead; more often when it stands still.</param>
/// <param name="LateVerdict">Of each look at a dead worker: it is still taken for living, and the message that asked is used up.</param>
/// <param name="LoseInbox">Of each message that a dead process leaves: it is gone, for another had taken it over and found nothing due.</param>
/// <param name="Provider">Of each request: no proper answer.</param>
/// <param name="Tool">Of each tool run: no proper result.</param>
/// <param name="People">Of each tick: somebody pauses, resumes, approves, denies or cancels.</param>
/// <param name="Drain">Of each tick: an operator drains a node, or some process is told to stop.</param>
/// <param name="Fork">Of each tick: a person continues a run in another one.</param>
/// <param name="RequestsPerMinute">The rate of the model. Null when nothing limits it.</param>
/// <param name="BudgetUsd">The tenant's budget. Null when it has none.</param>
/// <param name="Until">The tick at which all trouble ends.</param>
/// <param name="Deadline">Ticks the run may take. Null means it has time.</param>
sealed record Faults(
    int Crash, int Pause, int Duplicate, int LoseMessage, int DelayMessage, int LoseAcknowledgement, int FailCommit,
    int WrongVerdict, int LateVerdict, int LoseInbox, int Provider, int Tool, int People, int Drain, int Fork,
    int? RequestsPerMinute, decimal? BudgetUsd, int Until, int? Deadline)
{
    public static Faults Draw(Random random) => new(
        Crash: One(random, 0, 3, 10, 40),
        Pause: One(random, 0, 5, 20),
        Duplicate: One(random, 0, 50, 300),
        LoseMessage: One(random, 0, 20, 200),
        DelayMessage: One(random, 0, 50, 200),
        LoseAcknowledgement: One(random, 0, 30, 150),
        FailCommit: One(random, 0, 30, 150),
        WrongVerdict: One(random, 0, 50, 50),
        LateVerdict: One(random, 0, 50, 200),
        LoseInbox: One(random, 0, 100, 500),
        Provider: One(random, 0, 100, 400),
        Tool: One(random, 0, 100, 400),
        People: One(random, 0, 5, 20),
        Drain: One(random, 0, 0, 5, 15),
        Fork: One(random, 0, 0, 5),
        RequestsPerMinute: random.Next(5) == 0 ? random.Next(1, 4) : null,
        BudgetUsd: random.Next(6) == 0 ? random.Next(2, 30) / 100m : null,
        Until: 50 + random.Next(350),
        Deadline: random.Next(20) == 0 ? 50 + random.Next(400) : null);

    /// <summary>Nothing goes wrong, from the first.</summary>
    public static readonly Faults None = new(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, null, null, 0, null);

    /// <summary>Nothing goes wrong any more; what the run may use stays as it was.</summary>
    public Faults Over(int now) => new(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, RequestsPerMinute, BudgetUsd, now, Deadline);

    static int One(Random random, params ReadOnlySpan<int> rates) => rates[random.Next(rates.Length)];
}
