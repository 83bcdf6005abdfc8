using System.Text.Json;
using Agents.Domain.Costs;
using Agents.Host.Api.WhatIfs;
using Agents.Host.Cli.Display;
using Agents.Host.Http;
using Spectre.Console;
using Formats = Agents.Host.Cli.Display.Formats;

namespace Agents.Host.Cli.Runs;

/// <summary>How runs that are compared with others are announced, followed and summed up; <c>whatif</c> and <c>recall</c> share it.</summary>
static class WhatIfDisplay
{
    static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    const int MostNamed = 5;

    /// <summary>Columns of an answer that is shown.</summary>
    const int AnswerWidth = 200;

    /// <summary>US dollars; what is reserved where the models cost nothing.</summary>
    const decimal LeastUsd = 0.01m;

    public static void NameRefused(Call call, IReadOnlyList<RefusedOrigin> refused)
    {
        foreach (var item in refused.Take(MostNamed)) call.Inform($"{RunIds.Brief(item.Run)}: {item.Problem.Title}: {item.Problem.Detail}");
        if (refused.Count > MostNamed) call.Inform($"and {Formats.Count(refused.Count - MostNamed, "more refused run")}");
    }

    /// <summary>Twice the estimate, in whole cents: replies vary.</summary>
    public static decimal BudgetFor(decimal? estimatedUsd) => estimatedUsd is { } usd
        ? Math.Max(LeastUsd, Math.Ceiling(usd * 200) / 100)
        : throw new VerbException(ExitCodes.Usage, "What this will cost is not known: say what it may spend with --budget USD.");

    /// <summary>Whether the person, or the command line, agrees to the spend.</summary>
    public static bool IsConfirmed(Call call, bool isAgreed, WhatIfEstimate estimate, decimal budget)
    {
        var cost = estimate.EstimatedUsd is { } usd ? $"about {Formats.Usd(usd)}" : "an amount that is not known";
        var sentence = $"{Formats.Count(estimate.Runs, "run")} will spend {cost}, and at most {Formats.Usd(budget)}.";
        if (isAgreed)
        {
            call.Inform(sentence);
            return true;
        }

        if (Console.IsInputRedirected || call.IsJson || !call.Screen.IsTerminal)
            throw new VerbException(ExitCodes.Usage, $"{sentence} To do it: --yes");

        call.Screen.Inform($"{sentence} Go on? [y/N]");
        return Console.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }

    /// <summary>To the end, or to where only a person lets the runs go on; then the verdict and what differs.</summary>
    public static async Task<int> Follow(Call call, Api api, Guid id, bool waits, CancellationToken ct)
    {
        var answer = await api.Get($"whatifs/{id}", ct);
        if (waits) answer = await Until(call, api, id, ct);
        var pairs = await Pairs(api, id, ct);
        var whatIf = answer.As<WhatIfView>();
        if (call.IsJson) call.Screen.Json(JsonSerializer.SerializeToElement(new { whatIf, Items = pairs, Next = (string?)null }, Answers.Format));
        else Print(call.Screen, whatIf, pairs);
        return whatIf.Stopped > 0 ? ExitCodes.Stopped : ExitCodes.Ok;
    }

    static async Task<JsonElement> Until(Call call, Api api, Guid id, CancellationToken ct)
    {
        if (call.IsJson || !call.Screen.IsTerminal) return await Until(api, id, _ => { }, ct);

        return await call.Screen.Terminal.Progress()
            .Columns(new SpinnerColumn(), new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(async shown =>
            {
                var bar = shown.AddTask("Asking");
                return await Until(api, id, whatIf =>
                {
                    (bar.MaxValue, bar.Value) = (whatIf.Runs - whatIf.Refused, whatIf.Done);
                    bar.Description = whatIf.NewSpendUsd is { } usd ? $"{Formats.Usd(usd)} spent" : "Asking";
                }, ct);
            });
    }

    static async Task<JsonElement> Until(Api api, Guid id, Action<WhatIfView> show, CancellationToken ct)
    {
        while (true)
        {
            var answer = await api.Get($"whatifs/{id}", ct);
            var whatIf = answer.As<WhatIfView>();
            show(whatIf);
            if (whatIf.Done + whatIf.Stopped + whatIf.Refused >= whatIf.Runs) return answer;
            await Task.Delay(Look, ct);
        }
    }

    static async Task<IReadOnlyList<WhatIfPair>> Pairs(Api api, Guid id, CancellationToken ct)
    {
        var pairs = new List<WhatIfPair>();
        for (string? next = "-1"; next is not null;)
        {
            var page = (await api.Get($"whatifs/{id}/pairs?limit=200&after={next}", ct)).As<Page<WhatIfPair>>();
            pairs.AddRange(page.Items);
            next = page.Next;
        }

        return pairs;
    }

    static void Print(Screen screen, WhatIfView whatIf, IReadOnlyList<WhatIfPair> pairs)
    {
        foreach (var pair in pairs)
        {
            screen.Line($"[grey]{RunIds.Brief(pair.Origin)}[/] {Screen.Safe(Screen.Clip(pair.Question, AnswerWidth))}");
            screen.Line($"  {Screen.Safe(Outcome(pair))}");
            if (pair.Difference is not { } difference) continue;
            foreach (var claim in difference.OnlyInFirst) screen.Line($"  [red]-[/] {Screen.Safe(Screen.Clip(claim, AnswerWidth))}");
            foreach (var claim in difference.OnlyInSecond) screen.Line($"  [green]+[/] {Screen.Safe(Screen.Clip(claim, AnswerWidth))}");
        }

        var verdict = whatIf.Verdict;
        screen.Line();
        var stopped = whatIf.Stopped > 0 ? $", {whatIf.Stopped} stopped" : "";
        screen.Line($"{whatIf.Done} of {Formats.Count(whatIf.Runs - whatIf.Refused, "run")} ended{stopped}"
            + $" · {verdict.Same} of {Formats.Count(verdict.Pairs, "answer")} the same, {verdict.SameClaims} with the same claims, "
            + $"{verdict.SameCitations} with the same citations ({verdict.Judge} judge)");
        if (whatIf is { NewSpendUsd: { } spent, OriginSpendUsd: { } before, InheritedSpendUsd: { } inherited, BudgetUsd: { } budget })
            screen.Line($"Spent {Formats.Usd(spent)} of {Formats.Usd(budget)}; the runs it is compared with {Formats.Usd(before)} for the same part; "
                + $"inherited {Formats.Usd(inherited)}, which nobody paid again.");
        if (verdict.CostUsd is { } cost) screen.Line(Interval("Cost of a run", cost, Signed));
        if (verdict.ModelMilliseconds is { } time)
            screen.Line(Interval("Time of models", time, value => FormattableString.Invariant($"{value:+0;-0;0} ms")));
        screen.Line($"[grey]what-if {whatIf.Id}[/]");
    }

    static string Interval(string what, PairedDifference difference, Func<decimal, string> shown) =>
        $"{what}: {shown(difference.Mean)} on average over {Formats.Count(difference.Pairs, "pair")}"
        + (difference is { Low: { } low, High: { } high } ? $" (95 %: {shown(low)} to {shown(high)})" : "");

    static string Signed(decimal usd) => (usd < 0 ? "-" : "+") + Formats.Usd(Math.Abs(usd));

    static string Outcome(WhatIfPair pair) => pair switch
    {
        { Problem: { } problem } => $"refused: {problem.Title}: {problem.Detail}",
        { Difference: { SameCitations: true, SameClaims: true } } => "the same answer, on the same grounds",
        { Difference: { SameClaims: true } } => "the same answer, on other grounds",
        { Difference: { SameCitations: true } } => "another answer, on the same grounds",
        { Difference: not null } => "another answer",
        { Failure: { } failure } => $"{pair.Status}: {failure.Message}",
        _ => pair.Status,
    };
}
