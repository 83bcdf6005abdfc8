using System.ClientModel;
using OpenAI.Responses;

namespace Agents.Host.Tests.Responses;

#pragma warning disable OPENAI001 // the package marks its Responses client as experimental

/// <summary>The OpenAI package for .NET, unmodified, over a real connection.</summary>
public sealed class OpenAIClientTests(LiveServer server)
{
    readonly ResponsesClient client = new(new ApiKeyCredential("local"), new() { Endpoint = server.V1 });

    static CreateResponseOptions Ask(string agent, string question) => new(agent, [ResponseItem.CreateUserMessageItem(question)]);

    [Fact]
    public async Task A_response_in_the_background_is_asked_for_until_it_is_done()
    {
        var asked = Ask("research", "How many days of holiday does every employee have a year?");
        asked.BackgroundModeEnabled = true;
        asked.Metadata["ticket"] = "42";

        ResponseResult response = await client.CreateResponseAsync(asked);
        Assert.True(response.BackgroundModeEnabled);
        Assert.StartsWith("resp_", response.Id);
        for (var patience = 0; response.Status is ResponseStatus.Queued or ResponseStatus.InProgress; patience++)
        {
            Assert.True(patience < 1200);
            await Task.Delay(50);
            response = await client.GetResponseAsync(response.Id);
        }

        Assert.Equal(ResponseStatus.Completed, response.Status);
        Assert.Contains("thirty days", response.GetOutputText());
        Assert.Equal("42", response.Metadata["ticket"]);
        Assert.Contains(response.OutputItems, item =>
            item is FileSearchCallResponseItem { Status: FileSearchCallStatus.Completed, Queries.Count: 1 });
        var message = response.OutputItems.OfType<MessageResponseItem>().Single();
        var citation = Assert.IsType<FileCitationMessageAnnotation>(Assert.Single(message.Content[0].OutputTextAnnotations));
        Assert.Equal("handbook.md", citation.Filename);
        Assert.Equal("[1]", message.Content[0].Text.Substring(citation.Index, 3));
        Assert.True(response.Usage.InputTokenCount > 0);
        Assert.Equal(response.Usage.TotalTokenCount, response.Usage.InputTokenCount + response.Usage.OutputTokenCount);
    }

    [Fact]
    public async Task Results_of_a_search_come_when_they_are_asked_for()
    {
        var asked = Ask("research", "When do unused days of holiday expire?");
        asked.IncludedProperties.Add(IncludedResponseProperty.FileSearchCallResults);

        ResponseResult response = await client.CreateResponseAsync(asked);

        var search = response.OutputItems.OfType<FileSearchCallResponseItem>().First();
        var found = Assert.Single(search.Results);
        Assert.Equal("handbook.md", found.Filename);
        Assert.Contains("March", found.Text);
        Assert.InRange(found.Score!.Value, 0, 1);
    }

    [Fact]
    public async Task A_stream_that_broke_goes_on_where_it_stopped()
    {
        const string Question = "Tell me a long story, client.";
        var broken = new TaskCompletionSource();
        server.Model.Says(Question, new Spoken("Once ", "upon ", broken.Task, "a ", "time."));
        var asked = Ask("talker", Question);
        (asked.StreamingEnabled, asked.BackgroundModeEnabled) = (true, true);

        var (id, last, text) = ("", -1, "");
        await foreach (var update in client.CreateResponseStreamingAsync(asked))
        {
            Assert.True(update.SequenceNumber > last);
            last = update.SequenceNumber;
            if (update is StreamingResponseCreatedUpdate created) id = created.Response.Id;
            if (update is StreamingResponseOutputTextDeltaUpdate delta) text += delta.Delta;
            if (text.Contains("upon ")) break;
        }

        Assert.Equal("Once upon ", text);
        broken.SetResult();
        ResponseResult? whole = null;
        await foreach (var update in client.GetResponseStreamingAsync(new GetResponseOptions(id) { StreamingEnabled = true, StartingAfter = last }))
        {
            Assert.True(update.SequenceNumber > last);
            last = update.SequenceNumber;
            if (update is StreamingResponseOutputTextDeltaUpdate delta) text += delta.Delta;
            if (update is StreamingResponseCompletedUpdate completed) whole = completed.Response;
        }

        Assert.Equal("Once upon a time.", text);
        Assert.Equal(text, whole!.GetOutputText());
    }

    [Fact]
    public async Task A_response_is_cancelled()
    {
        const string Question = "Never answer this, client.";
        server.Model.Says(Question, new TaskCompletionSource().Task, "Too late.");
        var asked = Ask("talker", Question);
        asked.BackgroundModeEnabled = true;
        ResponseResult response = await client.CreateResponseAsync(asked);

        ResponseResult cancelled = await client.CancelResponseAsync(response.Id);
        ResponseResult again = await client.CancelResponseAsync(response.Id);

        Assert.Equal(ResponseStatus.Cancelled, cancelled.Status);
        Assert.Equal(ResponseStatus.Cancelled, again.Status);
        await client.DeleteResponseAsync(response.Id);
        var gone = await Assert.ThrowsAsync<ClientResultException>(async () => await client.GetResponseAsync(response.Id));
        Assert.Equal(404, gone.Status);
    }

    [Fact]
    public async Task A_tool_call_is_approved_by_answering_its_request()
    {
        const string Question = "Please shred the client's contract.";
        server.Model.Says(Question, ("shred", new { document = "contract" }), "It is gone.");

        ResponseResult asking = await client.CreateResponseAsync(Ask("clerk", Question));
        var request = Assert.Single(asking.OutputItems.OfType<McpToolCallApprovalRequestItem>());
        Assert.Equal((ResponseStatus.Completed, "shred"), (asking.Status, request.ToolName));

        var answer = new CreateResponseOptions(
            "clerk", [ResponseItem.CreateMcpApprovalResponseItem(request.Id, true)]) { PreviousResponseId = asking.Id };
        ResponseResult done = await client.CreateResponseAsync(answer);

        Assert.NotEqual(asking.Id, done.Id);
        Assert.Equal("It is gone.", done.GetOutputText());
        Assert.Contains(done.OutputItems, item => item is McpToolCallItem { ToolName: "shred", ToolOutput: "contract is gone" });
    }

    [Fact]
    public async Task A_conversation_goes_on_with_the_previous_response()
    {
        server.Model.Says("My name is Ada, client.", "Hello Ada.").Says("What is my name, client?", "Ada.");
        ResponseResult first = await client.CreateResponseAsync(Ask("talker", "My name is Ada, client."));
        var next = Ask("talker", "What is my name, client?");
        next.PreviousResponseId = first.Id;

        ResponseResult second = await client.CreateResponseAsync(next);

        Assert.Equal("Ada.", second.GetOutputText());
        Assert.Equal(first.Id, second.PreviousResponseId);
        Assert.Equal(
            ["Answer.", "My name is Ada, client.", "Hello Ada.", "What is my name, client?"],
            server.Model.Asked("What is my name, client?")[0].Select(message => message.Text));
    }

    [Fact]
    public async Task A_refusal_names_what_cannot_be_honoured()
    {
        var asked = Ask("talker", "Be creative, client.");
        asked.Temperature = 2.5f;

        var refused = await Assert.ThrowsAsync<ClientResultException>(async () => await client.CreateResponseAsync(asked));

        Assert.Equal(400, refused.Status);
        Assert.Contains("temperature", refused.Message);
        Assert.Empty(await server.Runs("Be creative, client."));
    }
}
