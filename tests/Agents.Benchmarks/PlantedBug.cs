namespace Agents.Benchmarks;

/// <summary>A protection of the server left out, as a change of its source, and the play that must miss it.</summary>
/// <param name="Scenario">A scenario of the rig. Null for the simulator.</param>
sealed record PlantedBug(string Protection, string? Scenario, int Runs, int Faults, params (string File, string Find, string Replacement)[] Changes)
{
    const string Host = "src/Agents.Host/", Domain = "src/Agents.Domain/", Projections = "src/Agents.Projections/";

    static readonly (string, string, string)[] CallFirst =
    [
        (Host + "Engine/Attempts/ModelWorker.cs", "        var (claim, offer) = await claims.Take(",
            "        var early = await calls.Call(tenant, work, call.Offer.Request, call.Step.CallTimeout, effort.Aborted, ct);\n        var (claim, offer) = await claims.Take("),
        (Host + "Engine/Attempts/ModelWorker.cs", "await calls.Call(tenant, work, offer.Request, call.Step.CallTimeout, effort.Aborted, ct);", "early;"),
    ];

    public static readonly IReadOnlyList<PlantedBug> All =
    [
        new("call only what is claimed", null, 0, 0, CallFirst),
        new("begin nothing on a drained node", null, 0, 0,
            (Host + "Engine/Attempts/ToolWorker.cs", "if (!effort.MayBegin && call.Status is ToolCallStatus.Scheduled) return null;", "")),
        new("count what was let through", null, 0, 0, (Host + "Engine/Attempts/ModelWorker.cs", "pass.Use();", "")),

        new("expected version", "C10", 40, 2000,
            (Host + "Log/RunLog.cs", "id = @run_id for update", "id = @run_id"),
            (Host + "Engine/Deciding/RunTransaction.cs", "session.Events.Append(run.Id, version + facts.Count, facts);", "session.Events.Append(run.Id, facts);")),
        new("intent before call", "C17", 12, 4, CallFirst),
        new("claim", "C10", 40, 2000,
            (Domain + "Runs/Claim.cs", "{ Status: AttemptStatus.Started } call when IsOf(call, work) && ownerIsGone => new Lost(),",
                "{ Status: AttemptStatus.Started } call when IsOf(call, work) => new Taken(started),")),
        new("retry", "C7", 20, 10,
            (Host + "Engine/WolverineSettings.cs", "static void Patiently(PolicyExpression policy)\n    {\n", "static void Patiently(PolicyExpression policy)\n    {\n        if (policy is not null) return;\n")),
        new("sanitiser", "C18", 10, 1,
            (Domain + "Runs/Sanitiser.cs", "        if (string.IsNullOrEmpty(text)) return \"\";\n        if (text.Length",
                "        if (string.IsNullOrEmpty(text)) return \"\";\n        if (text is not null) return text[..Math.Min(text.Length, maxLength)];\n        if (text.Length")),
        new("message ids", "C10", 5, 50,
            (Host + "Engine/WolverineSettings.cs", "EnvelopeIdGeneration = EnvelopeIdGeneration.GuidV7;", "EnvelopeIdGeneration = EnvelopeIdGeneration.NewId;"),
            (Host + "EngineServices.cs", "services.AddHostedService<SafeSettings>();", "")),
        new("watchdog", "C17", 12, 4,
            (Host + "Engine/Duties/DutyServices.cs", "        services.AddWatched();", "        services.AddSingleton<FreeRunsOfDeadNodes>();")),
        new("budget condition", "C15", 30, 1,
            (Projections + "Finance/Reservations.sql", "p.spent_usd + p.reserved_usd + in_upper > p.limit_usd", "false"),
            (Projections + "Finance/Budgets.sql", "check (spent_usd + reserved_usd <= ceiling_usd)", "check (true)")),
    ];
}
