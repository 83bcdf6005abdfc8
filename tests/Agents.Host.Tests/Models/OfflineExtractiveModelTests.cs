using Agents.Host.Models.Offline;
using Microsoft.Extensions.AI;

namespace Agents.Host.Tests.Models;

public sealed class OfflineExtractiveModelTests : IDisposable
{
    const string Question = "Which oil does the pump need?";
    const string Passages =
        "# search\n[1] pump.md › Pump › Care\nThe pump needs rapeseed oil every week. It is painted green.\n\n"
        + "[2] valve.md › Valve\nA valve is closed by hand:\nvalve.Close();";

    readonly OfflineExtractiveModel model = new();

    public void Dispose() => model.Dispose();

    [Fact]
    public async Task Planning_gives_the_question_first()
    {
        var queries = (await Ask("plan", [])).Text.Split('\n');

        Assert.Equal(Question, queries[0]);
        Assert.InRange(queries.Length, 1, 4);
    }

    [Fact]
    public async Task It_calls_the_tool_that_searches_with_the_question()
    {
        var response = await Ask("answer", [], [Tool("weather"), Tool("search_documents")]);

        var call = Assert.IsType<FunctionCallContent>(Assert.Single(response.Messages[0].Contents));
        Assert.Equal(("search_documents", Question), (call.Name, call.Arguments!["query"]));
        Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
    }

    [Fact]
    public async Task With_a_tool_result_it_answers_instead_of_calling_again()
    {
        var response = await model.GetResponseAsync(
            [
                new(ChatRole.System, "Be brief."), new(ChatRole.User, Question),
                new(ChatRole.Assistant, [new FunctionCallContent("1", "search_documents")]),
                new(ChatRole.Tool, [new FunctionResultContent("1", Passages)]),
            ],
            Options("answer", [Tool("search_documents")]));

        Assert.Contains("The pump needs rapeseed oil every week. [1]", response.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_is_made_of_cited_sentences()
    {
        var response = await Ask("respond", [Passages]);

        var content = Assert.IsType<TextContent>(Assert.Single(response.Messages[0].Contents));
        var citation = content.Annotations!.OfType<CitationAnnotation>().First();
        Assert.StartsWith("The pump needs rapeseed oil every week. [1]", content.Text, StringComparison.Ordinal);
        Assert.Equal(("pump.md › Pump › Care", "The pump needs rapeseed oil every week."), (citation.Title, citation.Snippet));
    }

    [Fact]
    public async Task Analysis_names_passages_with_their_most_telling_sentence()
    {
        var response = await Ask("analyze", [Passages]);

        Assert.Equal("[1] The pump needs rapeseed oil every week.", response.Text.Split('\n')[0]);
    }

    [Theory]
    [InlineData("What is the capital of Madagascar?")]
    [InlineData("How do I connect the pump to Snowflake with Debezium?")]
    public async Task It_says_when_the_passages_do_not_answer(string question)
    {
        var response = await model.GetResponseAsync(
            [new(ChatRole.System, "Be brief."), new(ChatRole.User, question), new(ChatRole.User, Passages)], Options("respond"));

        Assert.StartsWith("The documents do not answer this question. Looked for: ", response.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_says_so_when_nothing_was_found()
    {
        var response = await Ask("respond", ["# plan\n" + Question, "# search\nNo passages."]);

        Assert.StartsWith(OfflineExtractiveModel.Abstention, response.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_lines_of_an_analysis_are_not_mistaken_for_passages()
    {
        var response = await Ask("respond", ["# analyze\n[1] The pump needs whale oil › now.\n[2] No.", Passages]);

        Assert.DoesNotContain("whale", response.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Streaming_gives_the_same_text_in_pieces_then_the_usage()
    {
        var whole = await Ask("respond", [Passages]);

        var updates = await model.GetStreamingResponseAsync(Messages([Passages]), Options("respond")).ToListAsync();

        Assert.True(updates.Count > 3);
        Assert.Equal(whole.Text, string.Concat(updates.Select(update => update.Text)));
        Assert.Equal(whole.Usage!.TotalTokenCount, updates[^1].Contents.OfType<UsageContent>().Single().Details.TotalTokenCount);
        Assert.Equal(ChatFinishReason.Stop, updates[^1].FinishReason);
        Assert.NotEmpty(updates.SelectMany(update => update.Contents).SelectMany(content => content.Annotations ?? []));
    }

    [Fact]
    public async Task The_same_messages_give_the_same_reply() =>
        Assert.Equal((await Ask("respond", [Passages])).Text, (await Ask("respond", [Passages])).Text);

    [Fact]
    public void It_says_what_it_is()
    {
        var metadata = model.GetService<ChatClientMetadata>()!;

        Assert.Equal(("offline", "offline-extractive-1"), (metadata.ProviderName, metadata.DefaultModelId));
    }

    Task<ChatResponse> Ask(string step, string[] earlier, params AITool[] tools) => model.GetResponseAsync(Messages(earlier), Options(step, tools));

    static IEnumerable<ChatMessage> Messages(string[] earlier) =>
        [new(ChatRole.System, "Be brief."), new(ChatRole.User, Question), .. earlier.Select(text => new ChatMessage(ChatRole.User, text))];

    static ChatOptions Options(string step, params AITool[] tools) => new() { Tools = tools, AdditionalProperties = new() { ["step"] = step } };

    static AIFunction Tool(string name) => AIFunctionFactory.Create((string query) => query, name);
}
