using Agents.Domain.Runs;

namespace Agents.Host.Tests.Runs;

public sealed class ApprovalTests(App app)
{
    [Fact]
    public async Task A_tool_that_needs_approval_runs_once_it_is_approved_and_only_once()
    {
        const string Question = "Please shred the old contract.";
        app.Model.Says(Question, ("shred", new { document = "contract" }), "It is gone.");
        var id = await app.Queue(Question, agent: "clerk");
        await app.Until(id, facts => facts.OfType<ToolCallRequested>().Any());

        var call = (await app.Get($"/runs/{id}/tool-calls")).GetProperty("items")[0];
        Assert.Equal("awaitingApproval", call.GetProperty("status").GetString());
        Assert.Contains("contract", call.GetProperty("arguments").GetString());
        Assert.DoesNotContain(await app.Facts(id), fact => fact is ToolCallScheduled);

        await app.Post($"/runs/{id}/tool-calls/c0001t001/approve", null, 200);
        await app.Post($"/runs/{id}/tool-calls/c0001t001/approve", null, 409);
        await app.Post($"/runs/{id}/tool-calls/c0001t001/deny", null, 409);

        Assert.Equal("It is gone.", (await app.Finished(id)).GetProperty("answer").GetString());
        Assert.Single((await app.Facts(id)).OfType<ToolCallStarted>());
        Assert.Equal("operator", (await app.Facts(id)).OfType<ToolCallApproved>().Single().By);
    }

    [Fact]
    public async Task A_denied_tool_never_runs_and_the_model_is_told_why()
    {
        const string Question = "Please shred the new contract.";
        app.Model.Says(Question, ("shred", new { document = "contract" }), "I may not.");
        var id = await app.Queue(Question, agent: "clerk");
        await app.Until(id, facts => facts.OfType<ToolCallRequested>().Any());

        await app.Post($"/runs/{id}/tool-calls/c0001t001/deny", new { reason = "it is still needed" }, 200);

        Assert.Equal("I may not.", (await app.Finished(id)).GetProperty("answer").GetString());
        Assert.DoesNotContain(await app.Facts(id), fact => fact is ToolCallStarted);
        var told = app.Model.Asked(Question)[1].SelectMany(message => message.Contents).OfType<Microsoft.Extensions.AI.FunctionResultContent>()
            .Single();
        Assert.Equal("Denied: it is still needed", $"{told.Result}");
    }

    [Fact]
    public async Task A_tool_that_nobody_approves_in_time_is_denied_and_the_run_goes_on()
    {
        const string Question = "Please shred the forgotten contract.";
        app.Model.Says(Question, ("shred", new { document = "contract" }), "Nobody let me.");
        var id = await app.Queue(Question, agent: "hasty");

        Assert.Equal("Nobody let me.", (await app.Finished(id)).GetProperty("answer").GetString());
        Assert.Equal(new ToolCallDenied("c0001t001", "system", "Nobody answered in time."), (await app.Facts(id)).OfType<ToolCallDenied>().Single());
        Assert.True(await app.Scalar<bool>("select not exists (select from agents.run_queue where run_id = $1)", id));
        await app.Post($"/runs/{id}/tool-calls/c0001t001/approve", null, 409);
    }

    [Fact]
    public async Task The_command_line_approves_the_only_call_that_waits()
    {
        const string Question = "Please shred the third contract.";
        app.Model.Says(Question, ("shred", new { document = "contract" }), "It is gone too.");
        var id = await app.Queue(Question, agent: "clerk");
        await app.Until(id, facts => facts.OfType<ToolCallRequested>().Any());
        using var api = app.Client();

        Assert.Equal("c0001t001", await Agents.Host.Cli.Runs.ApprovalVerbs.Waiting(new(api), id, named: null, CancellationToken.None));
        await app.Post($"/runs/{id}/tool-calls/c0001t001/approve", null, 200);
        await app.Finished(id);
        await Assert.ThrowsAsync<Agents.Host.Cli.VerbException>(() =>
            Agents.Host.Cli.Runs.ApprovalVerbs.Waiting(new(api), id, named: null, CancellationToken.None));
    }

    [Fact]
    public async Task What_nobody_waits_for_cannot_be_approved()
    {
        await app.Post($"/runs/{Guid.CreateVersion7()}/tool-calls/c0001t001/approve", null, 404);

        var id = await app.Queue("Nothing to approve.", agent: "counter");
        await app.Finished(id);
        await app.Post($"/runs/{id}/tool-calls/c0001t001/approve", null, 409);
        await app.Get($"/runs/{Guid.CreateVersion7()}/tool-calls", 404);
    }
}
