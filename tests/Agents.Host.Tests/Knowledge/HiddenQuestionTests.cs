using Agents.Domain.Runs;

namespace Agents.Host.Tests.Knowledge;

/// <summary>A question is shown to a model as a person sees it.</summary>
public sealed class HiddenQuestionTests(App app)
{
    const string Hidden = "\u200B\u202E\U000E0049\U000E0067\u2066";

    [Fact]
    public async Task Hidden_characters_are_taken_out_of_a_question()
    {
        var id = await app.Queue($"What does a par{Hidden}king permit cost in test 7?{Hidden}");

        Assert.Equal("What does a parking permit cost in test 7?", (await app.Facts(id)).OfType<RunQueued>().Single().Question);
    }

    [Fact]
    public async Task A_question_of_hidden_characters_alone_is_empty()
    {
        var refused = await app.Post("/runs", App.Body(Hidden), 400);

        Assert.Equal("Empty question", refused.GetProperty("title").GetString());
    }

    [Fact]
    public async Task Hidden_characters_are_taken_out_of_the_input_of_a_response_and_of_a_forks_question()
    {
        var input = $"What does a per{Hidden}mit cost in test 8?";
        var response = await app.Post("/v1/responses", new { model = "research", input, background = true }, 200);
        var id = await app.Queue("What does a permit cost in test 9?");
        await app.Finished(id);
        var fork = await app.Post($"/runs/{id}/fork", new { version = 1, question = $"What does parking {Hidden}cost in test 9?" }, 202);

        Assert.StartsWith("resp_", response.GetProperty("id").GetString(), StringComparison.Ordinal);
        await using var command = app.Database.CreateCommand("select question from agents.run_summary where question like '%in test 8?'");
        Assert.Equal("What does a permit cost in test 8?", await command.ExecuteScalarAsync());
        Assert.Equal(
            "What does parking cost in test 9?",
            (await app.Facts(fork.GetProperty("id").GetGuid())).OfType<RunQueued>().Single().Question);
    }
}
