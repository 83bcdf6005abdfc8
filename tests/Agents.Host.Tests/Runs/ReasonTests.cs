using System.Text;

namespace Agents.Host.Tests.Runs;

public sealed class ReasonTests(App app)
{
    [Theory]
    [InlineData("", "application/json", 409)]
    [InlineData("  ", "text/plain", 409)]
    [InlineData("""{"reason":"done"}""", "application/json", 409)]
    [InlineData("reason=done", "application/x-www-form-urlencoded", 400)]
    [InlineData("""{"why":"done"}""", "application/json", 400)]
    [InlineData("""{"reason":""", "application/json", 400)]
    public async Task A_body_may_be_left_out_and_a_wrong_one_is_refused(string body, string type, int status)
    {
        var id = await app.Queue("Nothing to cancel.", agent: "counter");
        await app.Finished(id);
        using var client = app.Client();

        using var answer = await client.PostAsync(new Uri($"/runs/{id}/cancel", UriKind.Relative), new StringContent(body, Encoding.UTF8, type));

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task A_reason_that_is_sent_in_chunks_is_kept()
    {
        const string Question = "Cancel me in chunks.";
        app.Model.Says(Question, new TaskCompletionSource().Task, "never");
        var id = await app.Queue(Question);
        using var client = app.Client();
        using var chunked = new StreamContent(new MemoryStream("""{"reason":"in chunks"}"""u8.ToArray()));
        chunked.Headers.ContentLength = null;

        using var answer = await client.PostAsync(new Uri($"/runs/{id}/cancel", UriKind.Relative), chunked);

        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Equal("in chunks", (await app.Get($"/runs/{id}")).GetProperty("reason").GetString());
    }
}
