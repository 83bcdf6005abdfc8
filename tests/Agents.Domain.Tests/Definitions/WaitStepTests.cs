using Agents.Domain.Definitions;

namespace Agents.Domain.Tests.Definitions;

public sealed class WaitStepTests
{
    [Fact]
    public void The_waiter_of_the_tests_has_no_problems() => Assert.Empty(A.Waiter.Problems());

    [Fact]
    public void A_wait_step_waits_for_something_and_not_for_longer_than_its_run_may_take()
    {
        Assert.Equal(["Step wait waits for nothing: give it a time or a signal."], Problems(new("wait")));
        Assert.Equal(["Step wait must wait longer than nothing."], Problems(new("wait", For: TimeSpan.Zero)));
        Assert.Equal(
            ["Step wait waits 01:00:00, and the run may take 01:00:00: raise its limit on duration."],
            Problems(new("wait", For: TimeSpan.FromHours(1))));
        Assert.Empty(new AgentDefinition
        {
            Name = "a", Steps = [new WaitStep("wait", For: TimeSpan.FromDays(2))], Limits = new(Duration: TimeSpan.FromDays(3)),
        }.Problems());
    }

    [Fact]
    public void A_wait_step_names_its_signal_plainly() => Assert.Equal(
        ["Step wait waits for a signal whose name is not 1 to 64 of a-z, 0-9, _ . and -."], Problems(new("wait", Signal: "Go!")));

    [Fact]
    public void A_wait_step_waits_until_one_time_that_can_be_read()
    {
        Assert.Empty(Problems(new("wait", Until: new Argument.Text("2026-12-01T09:00:00+01:00"))));
        Assert.Equal(
            ["Step wait waits until \"tomorrow\", which is no time with an offset, such as 2026-12-01T09:00:00+01:00."],
            Problems(new("wait", Until: new Argument.Text("tomorrow"))));
        Assert.Contains("Step wait may wait until one time, not several.", Problems(new("wait", Until: new Argument.EachLine("say"))));
        Assert.Equal(["Step wait reads later, which is no step before it."], Problems(new("wait", Until: new Argument.Output("later"))));
    }

    [Fact]
    public void What_a_wait_step_reads_and_what_it_was_sent_is_kept_for_the_steps_that_read_it()
    {
        var agent = new AgentDefinition
        {
            Name = "a",
            Steps =
            [
                new ModelStep("when", "Say when."),
                new WaitStep("wait", Until: new Argument.Output("when"), Signal: "go"),
                new ToolStep("send", new("send_mail"), new Dictionary<string, Argument> { ["text"] = new Argument.Output("wait") }),
            ],
        };

        Assert.Empty(agent.Problems());
        Assert.Equal([true, true, false], Enumerable.Range(0, 3).Select(agent.IsReadLater));
    }

    static IEnumerable<string> Problems(WaitStep step) =>
        new AgentDefinition { Name = "a", Steps = [new ModelStep("say", "Say."), step, new ModelStep("later", "Say.")] }.Problems();
}
