using Agents.Host.Cli.Runs;
using Agents.Host.Log;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Agents.Host.Cli.Display;

/// <summary>Follows a run and shows its steps: live with a spinner on a terminal, else one line for each step when it is done.</summary>
/// <param name="runId">The run, for commands that it waits for.</param>
sealed class RunDisplay(Screen screen, RunProgress progress, Guid runId)
{
    static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(80);

    /// <summary>Shows the facts as they come, to their end.</summary>
    public Task Show(IAsyncEnumerable<EventView> facts, CancellationToken ct) => screen.IsTerminal ? Live(facts, ct) : Plain(facts, ct);

    /// <summary>A finished step is printed with the fact after it, which may still say something about it.</summary>
    async Task Plain(IAsyncEnumerable<EventView> facts, CancellationToken ct)
    {
        StepProgress? done = null;
        await foreach (var happened in facts.WithCancellation(ct))
        {
            if (happened.Type is "step_started" or "step_skipped") Print();
            progress.Add(happened);
            if (happened.Type is "step_skipped") screen.Line(StepLines.Skipped(progress.Skipped!, screen.Width));
            if (happened.Type is "step_completed") done = progress.Current;
            if (happened.Type is not "wait_started" || progress.Current is not { } step) continue;

            screen.Line(StepLines.Waits(step, screen.Width));
            if (HowToSend() is { } command) screen.Line(command);
        }

        Print();
        if (progress.Current is { EndedAt: null } unfinished) screen.Line(StepLines.Failed(unfinished, screen.Width));

        void Print()
        {
            if (done is not null) screen.Line(StepLines.Over(done, screen.Width));
            done = null;
        }
    }

    async Task Live(IAsyncEnumerable<EventView> facts, CancellationToken ct)
    {
        var live = new LiveDisplay(screen.Terminal, new Text("")) { Overflow = VerticalOverflow.Crop };
        await live.StartAsync(async context =>
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct);
            var gate = new Lock();
            var spinning = Spin();
            try
            {
                await foreach (var happened in facts.WithCancellation(ct))
                    lock (gate) progress.Add(happened);
            }
            finally
            {
                await ended.CancelAsync();
                await spinning;
                Draw(isOver: true);
            }

            async Task Spin()
            {
                while (!ended.IsCancellationRequested)
                {
                    Draw(isOver: false);
                    await Task.Delay(Frame, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }

            void Draw(bool isOver)
            {
                lock (gate) context.UpdateTarget(Lines(isOver));
            }
        });
    }

    Rows Lines(bool isOver)
    {
        var now = DateTimeOffset.UtcNow;
        var frames = Spinner.Known.Dots.Frames;
        var spinner = frames[(int)(now.ToUnixTimeMilliseconds() / Frame.Milliseconds % frames.Count)];
        var lines = progress.Steps.Where(step => step.Name.Length > 0).Select(step => step switch
        {
            { StartedAt: null, WasSkipped: not null } => StepLines.Skipped(step, screen.Width),
            { StartedAt: null } => StepLines.Waiting(step),
            { EndedAt: not null } => StepLines.Over(step, screen.Width),
            _ when isOver => StepLines.Failed(step, screen.Width),
            _ => StepLines.Running(step, spinner, now - step.StartedAt.Value, screen.Width),
        });
        if (HowToSend() is { } command && !isOver) lines = lines.Append(command);
        return new Rows(lines.Select(IRenderable (line) => new Markup(line)));
    }

    /// <summary>How to send the signal that the run waits for. Null when it waits for none.</summary>
    string? HowToSend() => progress.AwaitedSignal is { } signal
        ? $"  Send it: [bold]agents signal {RunIds.Brief(runId)} {Screen.Safe(signal)}[/]"
        : null;
}
