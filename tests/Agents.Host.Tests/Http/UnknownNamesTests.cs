using System.Net;
using System.Text.Json;
using Agents.Host.Platform;
using Microsoft.Extensions.Configuration;

namespace Agents.Host.Tests.Http;

/// <summary>A name that nothing understands is refused, with the one that was probably meant: ignored, it would mislead.</summary>
public sealed class UnknownNamesTests(App app)
{
    [Theory]
    [InlineData("/runs?statuss=failed", "'statuss' is not known here. Did you mean 'status'? This address takes ")]
    [InlineData("/runs?status=failed&colour=red", "'colour' is not known here. This address takes ")]
    [InlineData("/budgets?limit=3", "'limit' is not known here. This address takes none.")]
    [InlineData("/runs/0191b2c4-0000-7000-8000-000000000000/stream?fromat=ai-sdk", "Did you mean 'format'?")]
    public async Task A_query_parameter_that_the_address_does_not_know_is_refused(string url, string detail)
    {
        using var client = app.Client();
        using var answer = await client.GetAsync(new Uri(url, UriKind.Relative), TestContext.Current.CancellationToken);
        var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;

        Assert.Equal((HttpStatusCode.BadRequest, "Unknown query parameter"), (answer.StatusCode, problem.GetProperty("title").GetString()));
        Assert.Contains(detail, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/runs?Status=completed")] // capitals do not matter
    [InlineData("/v1/models?api-version=2025-01-01")] // Azure's clients send it
    public async Task What_is_known_passes(string url)
    {
        using var client = app.Client();
        using var answer = await client.GetAsync(new Uri(url, UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("Workers:MaxRun", "There is no setting Workers:MaxRun (Workers__MaxRun): did you mean Workers:MaxRuns (Workers__MaxRuns)?")]
    [InlineData("Workres:MaxRuns", "There is no setting Workres:MaxRuns (Workres__MaxRuns): did you mean Workers:MaxRuns (Workers__MaxRuns)?")]
    [InlineData("Models:Temperature", "There is no setting Models:Temperature (Models__Temperature): docs/configuration.md lists those of section Models")]
    [InlineData("Models:Providers:fast:Key", "There is no setting Models:Providers:fast:Key (Models__Providers__fast__Key): docs/")]
    [InlineData("Webhooks:Url", "There is no setting Webhooks:Url (Webhooks__Url): docs/")]
    [InlineData("Workers:Weights", "There is no setting Workers:Weights (Workers__Weights): docs/")]
    public void A_setting_that_is_none_ends_the_start(string key, string problem)
    {
        var refused = Assert.Throws<StartRefusedException>(() => KnownSettings.RefuseUnknown(Of((key, "1"))));

        Assert.StartsWith(problem, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_of_ours_and_of_others_pass()
    {
        KnownSettings.RefuseUnknown(Of([.. KnownSettings.All.Select(setting => (setting.Key, "1")), ("workers:maxruns", "8"), ("Workers:Weights:acme", "2"),
            ("Webhooks:Urls:0", "http://127.0.0.1"), ("Models:Providers:fast:ApiKeyFile", "key"), ("Logging:LogLevel:Default", "Debug"),
            ("ConnectionStrings:agents", ""), ("Shop:MaxRuns", "3"), ("PATH", "/bin")]));
    }

    static IConfiguration Of(params (string Key, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.DistinctBy(setting => setting.Key, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(setting => setting.Key, setting => (string?)setting.Value)).Build();
}
