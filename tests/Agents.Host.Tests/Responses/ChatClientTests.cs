using System.ClientModel;
using Microsoft.Extensions.AI;
using OpenAI.Responses;

namespace Agents.Host.Tests.Responses;

#pragma warning disable OPENAI001, MEAI001 // the packages mark the Responses client and background responses as experimental

/// <summary>Microsoft.Extensions.AI, unmodified: an application that knows nothing of this server but its address.</summary>
public sealed class ChatClientTests(LiveServer server)
{
    readonly IChatClient chat = new ResponsesClient(new ApiKeyCredential("local"), new() { Endpoint = server.V1 }).AsIChatClient("talker");

    static ChatOptions InBackground(string agent = "talker") => new() { ModelId = agent, AllowBackgroundResponses = true };

    [Fact]
    public async Task An_answer_in_the_background_is_fetched_with_its_continuation_token()
    {
        const string Question = "Take your time, chat.";
        var gate = new TaskCompletionSource();
        server.Model.Says(Question, gate.Task, "Here it is.");
        var options = InBackground();

        var response = await chat.GetResponseAsync(Question, options);
        Assert.NotNull(response.ContinuationToken);
        gate.SetResult();
        for (var patience = 0; response.ContinuationToken is { } token; patience++)
        {
            Assert.True(patience < 1200);
            await Task.Delay(50);
            options.ContinuationToken = token;
            response = await chat.GetResponseAsync([], options);
        }

        Assert.Equal("Here it is.", response.Text);
        Assert.True(response.Usage?.TotalTokenCount > 0);
        Assert.Single(await server.Runs(Question));
    }

    [Fact]
    public async Task A_stream_goes_on_with_the_token_of_the_last_update()
    {
        const string Question = "Tell me a long story, chat.";
        var broken = new TaskCompletionSource();
        server.Model.Says(Question, new Spoken("Once ", "upon ", broken.Task, "a ", "time."));
        var options = InBackground();

        var text = "";
        ResponseContinuationToken? token = null;
        await foreach (var update in chat.GetStreamingResponseAsync(Question, options))
        {
            text += update.Text;
            token = update.ContinuationToken;
            if (text.Contains("upon ")) break;
        }

        broken.SetResult();
        options.ContinuationToken = token;
        await foreach (var update in chat.GetStreamingResponseAsync([], options)) text += update.Text;

        Assert.Equal("Once upon a time.", text);
        Assert.Single(await server.Runs(Question));
    }

    [Fact]
    public async Task Citations_come_as_annotations()
    {
        var response = await chat.GetResponseAsync("How many days of holiday has every employee a year?", new ChatOptions { ModelId = "research" });

        Assert.Contains("thirty days", response.Text);
        var cited = response.Messages.SelectMany(message => message.Contents).SelectMany(content => content.Annotations ?? [])
            .OfType<CitationAnnotation>();
        Assert.Equal("handbook.md", Assert.Single(cited).Title);
    }

    [Fact]
    public async Task Messages_that_the_application_keeps_are_the_conversation()
    {
        const string Question = "And what is it, chat?";
        server.Model.Says(Question, "Still Ada.");

        var response = await chat.GetResponseAsync(
            [new(ChatRole.System, "Be brief."), new(ChatRole.User, "My name is Ada."), new(ChatRole.Assistant, "Hello Ada."),
                new(ChatRole.User, Question)]);

        Assert.Equal("Still Ada.", response.Text);
        Assert.Equal(
            ["Answer.", "Be brief.", "My name is Ada.", "Hello Ada.", Question], server.Model.Asked(Question)[0].Select(message => message.Text));
    }
}
