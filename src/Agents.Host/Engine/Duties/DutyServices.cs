namespace Agents.Host.Engine.Duties;

static class DutyServices
{
    /// <summary>All duties of a node that works on runs.</summary>
    public static void AddDuties(this IServiceCollection services)
    {
        services.AddSingleton<RunsDue>();
        services.AddSingleton<Lookout>();
        services.AddSingleton<DutyHost>();
        services.AddHostedService(provider => provider.GetRequiredService<DutyHost>());

        services.AddWatched();
        services.AddDuty<GoOnWithinBudgets>();
        services.AddDuty<EndWaits>();
        services.AddDuty<FireSchedules>();
        services.AddDuty<AnnounceBudgetEvents>();
        services.AddDuty<CloseDays>();
        services.AddDuty<EndFinanceQueries>();
        services.AddDuty<SignCheckpoints>();
    }

    static void AddWatched(this IServiceCollection services)
    {
        services.AddDuty<Watchdog>();
        services.AddWatched<FreeRunsOfDeadNodes>();
        services.AddWatched<RedriveStalledRuns>();
        services.AddWatched<BringBackHeldRuns>();
        services.AddWatched<GiveBackUnstartedRuns>();
        services.AddWatched<ReportUnreported>();
        services.AddWatched<ExpireRuns>();
        services.AddWatched<DenyUnansweredApprovals>();
        services.AddWatched<SettleRuns>();
        services.AddWatched<SeeToChildren>();
        services.AddWatched<AbortEndedElsewhere>();
    }

    static void AddWatched<TDuty>(this IServiceCollection services) where TDuty : class, IWatchedDuty
    {
        services.AddDuty<TDuty>();
        services.AddSingleton<IWatchedDuty>(provider => provider.GetRequiredService<TDuty>());
    }

    static void AddDuty<TDuty>(this IServiceCollection services) where TDuty : class, IDuty
    {
        services.AddSingleton<TDuty>();
        services.AddSingleton<IDuty>(provider => provider.GetRequiredService<TDuty>());
    }
}
