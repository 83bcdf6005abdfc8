using Agents.Domain.Runs;
using Agents.Host.Cli.Ask;
using Agents.Host.Log;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Agents.Host.Cli.Display;

/// <summary>
/// Follows a run and shows its steps: live with a spinner and the model's words on a terminal, else one line for each step when it is done. Says at
/// once what the run waits for.
/// </summary>
sealed class RunDisplay
{
    static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(80);

    /// <summary>Most lines of a reply that is still coming.</summary>
    const int WordLines = 8;

    readonly Screen screen;
    readonly RunProgress progress;
    readonly WaitWatch watch;
    readonly Lock gate = new();
    readonly HashSet<string> told = [];
    (string Status, IReadOnlyList<Obstacle> Obstacles) waits = ("running", []);

    public RunDisplay(Screen screen, RunProgress progress, Api api, Guid runId)
    {
        (this.screen, this.progress) = (screen, progress);
        watch = new(api, runId, (status, obstacles) =>
        {
            lock (gate)
            {
                waits = (status, obstacles);
                if (!screen.IsTerminal) TellOnce();
            }
        });
    }

    /// <summary>Shows the facts as they come, to their end, or until it is cancelled; then each step stands there once, as it is.</summary>
    public async Task Show(IAsyncEnumerable<EventView> facts, CancellationToken ct)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var looking = watch.Look(ended.Token);
        try
        {
            await (screen.IsTerminal ? Live(facts, ct) : Plain(facts, ct));
        }
        finally
        {
            await ended.CancelAsync();
            await looking;
            if (screen.IsTerminal)
                foreach (var line in Lines(isOver: true)) screen.Line(line);
        }
    }

    /// <summary>A finished step is printed with the fact after it, which may still say something about it.</summary>
    async Task Plain(IAsyncEnumerable<EventView> facts, CancellationToken ct)
    {
        StepProgress? done = null;
        await foreach (var happened in facts.WithCancellation(ct))
            lock (gate)
            {
                watch.Heard();
                if (happened.Type is "step_started" or "step_skipped") Print();
                progress.Add(happened);
                if (happened.Type is "step_skipped") screen.Line(StepLines.Skipped(progress.Skipped!, screen.Width));
                if (happened.Type is "step_completed") done = progress.Current;
            }

        lock (gate)
        {
            Print();
            if (progress.Current is { EndedAt: null } unfinished) screen.Line(StepLines.Unfinished(unfinished, progress.Status, screen.Width));
        }

        void Print()
        {
            if (done is not null) screen.Line(StepLines.Over(done, screen.Width));
            done = null;
        }
    }

    /// <summary>Where lines stay, what the run waits for is said once, however long it lasts.</summary>
    void TellOnce()
    {
        foreach (var obstacle in waits.Obstacles)
            if (told.Add($"{obstacle.Kind} {obstacle.Command} {obstacle.Since}"))
                foreach (var line in WaitLines.Of(obstacle, waits.Status, DateTimeOffset.UtcNow)) screen.Line(line);
    }

    async Task Live(IAsyncEnumerable<EventView> facts, CancellationToken ct)
    {
        var live = new LiveDisplay(screen.Terminal, new Text("")) { Overflow = VerticalOverflow.Crop, AutoClear = true };
        await live.StartAsync(async context =>
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct);
            var spinning = Spin();
            try
            {
                await foreach (var happened in facts.WithCancellation(ct))
                    lock (gate)
                    {
                        watch.Heard();
                        progress.Add(happened);
                    }
            }
            finally
            {
                await ended.CancelAsync();
                await spinning;
            }

            async Task Spin()
            {
                while (!ended.IsCancellationRequested)
                {
                    lock (gate) context.UpdateTarget(new Rows(Lines(isOver: false).Select(IRenderable (line) => new Markup(line))));
                    await Task.Delay(Frame, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
        });
    }

    /// <param name="isOver">Nothing more is shown of the run after these lines.</param>
    List<string> Lines(bool isOver)
    {
        var now = DateTimeOffset.UtcNow;
        var frames = Spinner.Known.Dots.Frames;
        var spinner = frames[(int)(now.ToUnixTimeMilliseconds() / Frame.Milliseconds % frames.Count)];
        var isWaiting = waits.Obstacles.Count > 0 && progress.Status is ("running" or "queued");
        var lines = new List<string>();
        foreach (var step in progress.Steps.Where(step => step.Name.Length > 0))
        {
            lines.Add(step switch
            {
                { StartedAt: null, WasSkipped: not null } => StepLines.Skipped(step, screen.Width),
                { StartedAt: null } => StepLines.ToCome(step),
                { EndedAt: not null } => StepLines.Over(step, screen.Width),
                _ when isWaiting => StepLines.Unfinished(step, "waiting", screen.Width),
                _ when isOver => StepLines.Unfinished(step, progress.Status, screen.Width),
                _ => StepLines.Running(step, spinner, now - step.StartedAt.Value, screen.Width),
            });
            if (!isOver && step == progress.Current) lines.AddRange(WordsOf(step));
        }

        if (isWaiting) lines.AddRange(waits.Obstacles.SelectMany(obstacle => WaitLines.Of(obstacle, waits.Status, now)));
        return lines;
    }

    /// <summary>The last words of a reply that is still coming.</summary>
    IEnumerable<string> WordsOf(StepProgress step) =>
        Screen.Wrap(step.Words, screen.Width - 4).TakeLast(WordLines).Select(line => $"  [grey]{Screen.Safe(line)}[/]");
}
