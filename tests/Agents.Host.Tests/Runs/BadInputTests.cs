using System.Text;
using System.Text.Json;

namespace Agents.Host.Tests.Runs;

/// <summary>What does not fit is refused with problem details that say what to do, and nothing is stored.</summary>
public sealed class BadInputTests(App app)
{
    [Theory]
    [InlineData("""{"agent":"research","question":""}""", 400, "Empty question")]
    [InlineData("""{"agent":"research","question":"  "}""", 400, "Empty question")]
    [InlineData("""{"agent":"research"}""", 400, "Empty question")]
    [InlineData("""{"question":"What?"}""", 404, "Unknown agent")]
    [InlineData("""{"agent":"nobody","question":"What?"}""", 404, "Unknown agent")]
    [InlineData("""{"agent":"research","question":"What?","priority":"soon"}""", 400, "Unknown priority")]
    [InlineData("""{"agent":"research","question":"What?","priority":10}""", 400, "Unknown priority")]
    [InlineData("""{"agent":"research","question":"What?","priority":-1}""", 400, "Unknown priority")]
    [InlineData("""{"agent":"research","question":"What?","budgetUsd":0}""", 400, "Bad budget")]
    [InlineData("""{"agent":"research","question":"What?","budgetUsd":-1}""", 400, "Bad budget")]
    [InlineData("""{"agent":"research","question":"What?","metadata":{"":"x"}}""", 400, "Bad metadata")]
    [InlineData("""{"agent":"research","question":"What?","status":"completed"}""", 400, null)]
    [InlineData("""{"agent":"research","question":""", 400, null)]
    [InlineData("""[]""", 400, null)]
    [InlineData("""nonsense""", 400, null)]
    [InlineData("", 400, null)]
    public async Task A_request_that_does_not_fit_is_refused(string body, int status, string? title)
    {
        var before = await Runs();
        var problem = await Refused(body, status);

        if (title is not null) Assert.Equal(title, problem.GetProperty("title").GetString());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.Equal(before, await Runs());
    }

    [Fact]
    public async Task A_question_that_is_too_long_is_refused_with_its_length()
    {
        var problem = await Refused(JsonSerializer.Serialize(App.Body(new string('x', 20_000))), 400);

        Assert.Contains("20,000", problem.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task NUL_and_lone_surrogates_in_a_question_are_cleaned()
    {
        var posted = await Send("""{"agent":"counter","question":"a\u0000b","metadata":{"k":"\u0000v"}}""", 202);
        var run = await app.Finished(posted.GetProperty("id").GetGuid());

        Assert.Equal("ab", run.GetProperty("question").GetString());
        Assert.Equal("v", run.GetProperty("metadata").GetProperty("k").GetString());
    }

    [Theory]
    [InlineData("/runs/not-an-id", 404)]
    [InlineData("/runs/00000000-0000-0000-0000-000000000000", 404)]
    [InlineData("/runs/00000000-0000-0000-0000-000000000000/events", 404)]
    [InlineData("/runs/00000000-0000-0000-0000-000000000000/timeline", 404)]
    [InlineData("/runs/00000000-0000-0000-0000-000000000000/stream", 404)]
    [InlineData("/runs?status=sleeping", 400)]
    [InlineData("/runs?status=1", 400)]
    [InlineData("/runs?cursor=x", 400)]
    [InlineData("/runs?limit=0", 400)]
    [InlineData("/runs?limit=many", 400)]
    [InlineData("/search", 400)]
    [InlineData("/search?q=%20", 400)]
    [InlineData("/search?q=x&limit=1000", 400)]
    [InlineData("/passages?id=nothing", 404)]
    [InlineData("/documents/nothing", 404)]
    [InlineData("/agents/nobody", 404)]
    [InlineData("/nowhere", 404)]
    public async Task A_question_about_what_is_not_there_is_answered_with_a_problem(string url, int status)
    {
        var result = await app.Host.Scenario(call =>
        {
            call.Get.Url(url);
            call.StatusCodeShouldBe(status);
            call.Header("content-type").SingleValueShouldMatch(new System.Text.RegularExpressions.Regex("application/problem\\+json"));
        });

        Assert.NotEmpty(JsonSerializer.Deserialize<JsonElement>(await result.ReadAsTextAsync()).GetProperty("title").GetString()!);
    }

    [Fact]
    public async Task Commands_on_an_unknown_run_are_refused()
    {
        foreach (var verb in new[] { "cancel", "pause", "resume" })
            await app.Post($"/runs/{Guid.CreateVersion7()}/{verb}", null, 404);
    }

    [Fact]
    public async Task A_stream_in_an_unknown_format_is_refused() => await app.Get($"/runs/{Guid.CreateVersion7()}/stream?format=xml", 400);

    [Fact]
    public async Task An_unreadable_document_is_named_with_the_reason_and_nothing_is_stored()
    {
        var result = await app.Host.Scenario(call =>
        {
            call.Post.ByteArray([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]).ToUrl("/documents")
                .QueryString("source", "program.bin");
            call.StatusCodeShouldBe(200);
        });
        var read = JsonSerializer.Deserialize<JsonElement>(await result.ReadAsTextAsync()).GetProperty("items")[0];

        Assert.Equal("skipped", read.GetProperty("outcome").GetString());
        Assert.NotEmpty(read.GetProperty("reason").GetString()!);
    }

    async Task<long> Runs() => await app.Scalar<long>("select count(*) from agents.run_summary where question in ('What?', '')");

    Task<JsonElement> Refused(string body, int status) => Send(body, status);

    async Task<JsonElement> Send(string body, int status)
    {
        using var client = app.Client();
        using var answer = await client.PostAsync(new Uri("/runs", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"));
        var text = await answer.Content.ReadAsStringAsync();

        Assert.True((int)answer.StatusCode == status, $"{(int)answer.StatusCode}: {text}");
        return JsonSerializer.Deserialize<JsonElement>(text);
    }
}
