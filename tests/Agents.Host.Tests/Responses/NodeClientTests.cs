namespace Agents.Host.Tests.Responses;

/// <summary>The openai package for Node, unmodified, over a real connection. Skipped where Node is missing or the package cannot be had.</summary>
public sealed class NodeClientTests(LiveServer server)
{
    [Fact]
    public async Task The_client_asks_streams_resumes_cancels_and_repeats_a_dropped_request_without_a_second_run()
    {
        await Node.SkipUnlessInstalled();
        var cut = new TaskCompletionSource();
        server.Model
            .Says("Tell me a long story, node.", new Spoken("Once ", "upon ", cut.Task, "a ", "time."))
            .Says("Never answer this, node.", new TaskCompletionSource().Task, "Too late.")
            .Says("My name is Ada, node.", "Hello Ada.").Says("What is my name, node?", "Ada.");

        var said = await Node.Run("node", $"clients.mjs {server.V1}", line =>
        {
            if (line == "cut") cut.SetResult();
        });

        Assert.NotNull(said);
        Assert.EndsWith("create\naccumulate\ncut\nresume\ncancel\nretry\ndone\n", said);
        Assert.Single(await server.Runs("Only once, node."));
    }
}
