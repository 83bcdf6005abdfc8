using System.Text.Json;
using Agents.Host.Models;

namespace Agents.Host.Tests.Models;

public sealed class FakeProviderTests
{
    [Fact]
    public async Task Every_request_is_in_the_ledger_before_it_is_answered()
    {
        var path = Path.GetTempFileName();
        try
        {
            await using var fake = await FakeProvider.Start(path);
            fake.Otherwise(request => FakeReply.Answer($"{request.Number} {File.ReadAllLines(path).Length}", new(1, 1)));

            await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ModelCalls.Call(ModelProvider.OpenAI, fake)));

            var lines = File.ReadAllLines(path).Select(line => JsonDocument.Parse(line).RootElement).ToList();
            Assert.Equal(Enumerable.Range(1, 20), lines.Select(line => line.GetProperty("Number").GetInt32()));
            Assert.Equal(fake.Requests.Select(request => request.Body), lines.Select(line => line.GetProperty("Body").GetString()));
            Assert.DoesNotContain(ModelCalls.Key, File.ReadAllText(path), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("/v1/chat/completions", "choices")]
    [InlineData("/v1/messages", "content")]
    [InlineData("/api/chat", "message")]
    public async Task It_also_answers_in_one_piece(string path, string property)
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(FakeReply.Calls(new FakeToolCall("t", "{}")) with { Text = "x" });
        using var http = new HttpClient { BaseAddress = fake.Address };

        using var response = await http.PostAsync(path, new StringContent("""{"model":"m","stream":false}"""));

        Assert.True(JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.TryGetProperty(property, out _));
    }
}
