using System.Text.Json;
using Agents.Host.Cli.Display;
using Agents.Host.Log;

namespace Agents.Host.Tests.Cli;

public sealed class RunProgressTests
{
    static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_step_says_what_it_brought_and_what_it_used()
    {
        var progress = new RunProgress(["plan", "search"]);
        Happens(progress, "step_started", new { step = 0, name = "plan" });
        Happens(progress, "model_call_completed", new { usage = new { inputTokens = 100, cachedInputTokens = 20, outputTokens = 10 } });
        Happens(progress, "step_completed", new { step = 0, output = "one query\nanother\n" }, seconds: 2);
        Happens(progress, "step_started", new { step = 1, name = "search" });
        Happens(progress, "passages_retrieved", new { passages = new[] { new { passageId = "a/1", documentId = "a" }, new { passageId = "a/2", documentId = "a" } } });
        Happens(progress, "passages_retrieved", new { passages = new[] { new { passageId = "a/2", documentId = "a" }, new { passageId = "b/1", documentId = "b" } } });

        var (plan, search) = (progress.Steps[0], progress.Steps[1]);
        Assert.Equal(("one query · another", 120, 10), (plan.Says, plan.InputTokens, plan.OutputTokens));
        Assert.Equal(TimeSpan.FromSeconds(2), plan.EndedAt - plan.StartedAt);
        Assert.Equal("3 passages from 2 documents", search.Says);
        Assert.Null(search.EndedAt);
    }

    [Fact]
    public void A_call_that_failed_is_seen_while_it_is_tried_again()
    {
        var progress = new RunProgress();
        Happens(progress, "step_started", new { step = 0, name = "plan" });
        Happens(progress, "model_call_failed", new { failure = new { kind = "RateLimited", message = "Slow down." } });
        Happens(progress, "model_call_scheduled", new { attempt = 2, model = "m" });

        Assert.Equal("attempt 2: Slow down.", Assert.Single(progress.Steps).Says);
    }

    [Fact]
    public void Late_bills_and_facts_of_newer_servers_disturb_nothing()
    {
        var progress = new RunProgress();
        Happens(progress, "run_queued", new { });
        Happens(progress, "something_new", new { });

        Assert.Empty(progress.Steps);
    }

    static void Happens(RunProgress progress, string type, object data, int seconds = 0) =>
        progress.Add(new EventView(1, type, Noon.AddSeconds(seconds), JsonSerializer.SerializeToElement(data)));
}
