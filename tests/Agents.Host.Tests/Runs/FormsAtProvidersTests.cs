using System.Collections.Concurrent;
using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Http;
using Agents.Host.Models;
using Agents.Host.Tests.Models;
using Agents.Host.Tools;
using Alba;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Agents.Host.Tests.Runs;

/// <summary>Runs of a wanted form at a server of each wire format: the whole way over HTTP, out and in.</summary>
public sealed class FormsAtProvidersTests
{
    const string Fits = """{"kind":"paid"}""";

    /// <summary>What the provider replies, call by call; the last is repeated.</summary>
    static readonly Dictionary<string, string[]> Replies = new()
    {
        ["at once"] = [Fits],
        ["second try"] = ["It is paid.", Fits],
        ["never"] = ["It is paid."],
    };

    public static TheoryData<ModelProvider> Providers => ProviderTests.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task A_reply_that_fits_is_taken_one_that_does_not_is_told_back_and_the_end_has_its_reasons(ModelProvider provider)
    {
        await using var fake = await FakeProvider.Start();
        var asked = new ConcurrentDictionary<string, int>();
        fake.Otherwise(request =>
        {
            var (question, replies) = Replies.Single(line => request.Body.Contains($"Form, {line.Key}", StringComparison.Ordinal));
            return FakeReply.Answer(replies[Math.Min(asked.AddOrUpdate(question, 1, (_, times) => times + 1), replies.Length) - 1], new(40, 9));
        });
        await using var host = await HostOf(provider, fake.Address);
        var ids = new Dictionary<string, Guid>();
        foreach (var question in Replies.Keys) ids[question] = await Queue(host, $"Form, {question}");

        var fitted = await Ended(host, ids["at once"]);
        Assert.Equal((Fits, 1), (fitted.GetProperty("output").GetRawText(), fitted.GetProperty("modelCalls").GetInt32()));

        var second = await Ended(host, ids["second try"]);
        Assert.Equal((Fits, 2), (second.GetProperty("output").GetRawText(), second.GetProperty("modelCalls").GetInt32()));

        var never = await Ended(host, ids["never"]);
        Assert.Equal(("failed", 2), (never.GetProperty("status").GetString(), never.GetProperty("modelCalls").GetInt32()));
        Assert.Equal(nameof(FailureKind.OutputUnfit), never.GetProperty("failure").GetProperty("kind").GetString());
        Assert.Contains("no JSON", never.GetProperty("failure").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(5, fake.Requests.Count);
        Assert.Equal(3, fake.Requests.Count(request => !request.Body.Contains("is not taken", StringComparison.Ordinal)));
        Assert.All(fake.Requests, request => Assert.Contains("unpaid", request.Body, StringComparison.Ordinal)); // the schema, in whatever form
    }

    /// <summary>What only this provider does not take is refused, with the name of the parameter.</summary>
    [Theory]
    [InlineData(ModelProvider.Anthropic, """{"temperature":0.2}""", "temperature")]
    [InlineData(ModelProvider.Ollama, """{"parallelToolCalls":false}""", "parallelToolCalls")]
    public async Task A_run_that_asks_for_what_the_provider_does_not_take_is_refused(ModelProvider provider, string parameters, string name)
    {
        await using var fake = await FakeProvider.Start();
        await using var host = await HostOf(provider, fake.Address);

        var problem = await Post(host, App.Body("x", "talker", new { parameters = JsonElement.Parse(parameters) }), 400);

        Assert.Equal("Parameters not taken", problem.GetProperty("title").GetString());
        Assert.Contains(name, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Empty(fake.Requests);
    }

    static async Task<IAlbaHost> HostOf(ModelProvider provider, Uri address)
    {
        var connection = await TestDatabase.CreatePrepared("forms");
        var host = await AlbaHost.For<Program>(web =>
        {
            web.UseSetting("ConnectionStrings:agents", connection);
            web.UseSetting("urls", "http://127.0.0.1:0");
            web.UseSetting("Models:Provider", provider.ToString());
            web.UseSetting("Models:Endpoint", provider is ModelProvider.OpenAI ? new Uri(address, "/v1").ToString() : address.ToString());
            web.UseSetting("Models:ApiKey", "test");
            web.UseSetting("Models:Default", "the-model");
            web.ConfigureServices(services =>
            {
                services.AddSingleton(new ToolAssembly(typeof(App).Assembly));
                services.AddSingleton(TestAgents.Talker);
                services.AddSingleton(TestAgents.Form with { Steps = [.. TestAgents.Form.Steps.Select(Plain)] });
            });
        });
        host.BeforeEach(call => call.Request.Headers[PageGuard.ClientHeader] = "tests");
        return host;
    }

    /// <summary>Not every provider lets a step choose its temperature.</summary>
    static Domain.Definitions.StepDefinition Plain(Domain.Definitions.StepDefinition step) =>
        ((Domain.Definitions.ModelStep)step) with { Parameters = null };

    static async Task<Guid> Queue(IAlbaHost host, string question) =>
        (await Post(host, App.Body(question, TestAgents.Form.Name), 202)).GetProperty("id").GetGuid();

    static async Task<JsonElement> Post(IAlbaHost host, object body, int status)
    {
        var answer = await host.Scenario(call =>
        {
            call.Post.Json(body).ToUrl("/runs");
            call.StatusCodeShouldBe(status);
        });
        return JsonElement.Parse(await answer.ReadAsTextAsync());
    }

    static async Task<JsonElement> Ended(IAlbaHost host, Guid id)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var run = await (await host.Scenario(call => call.Get.Url($"/runs/{id}"))).ReadAsJsonAsync<JsonElement>();
            if (run.GetProperty("status").GetString() is "completed" or "failed" or "parked") return run;
            if (patience.IsCancellationRequested) throw new TimeoutException($"It is {run}.");
            await Task.Delay(50);
        }
    }
}
