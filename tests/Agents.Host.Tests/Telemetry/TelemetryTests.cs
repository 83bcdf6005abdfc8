using System.Diagnostics;
using System.Net;
using Agents.Domain.Runs;
using Agents.Host.Engine.Telemetry;
using Agents.Host.Tests.Costs;
using Alba;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Agents.Host.Tests.Telemetry;

public sealed class TelemetryTests(App app)
{
    [Fact]
    public async Task A_run_is_one_trace_of_its_calls_tools_and_retrievals_with_what_they_cost()
    {
        const string Question = "What does a run look like in a trace, and why 7 times?";
        var spans = new SpanList();
        using var tracing = Sdk.CreateTracerProviderBuilder().SetSampler(new AlwaysOnSampler()).AddSource(RunTelemetry.Name)
            .AddInMemoryExporter(spans).Build();
        app.Model.Says(
            Question, ("add", new { left = 3, right = 4 }), ("search_documents", new { query = "parking" }),
            new HttpRequestException("slow down", null, HttpStatusCode.TooManyRequests), "Seven.");

        var id = await app.Queue(Question, "clerk");
        await app.Finished(id);
        var own = await Until(spans, id, "invoke_agent clerk");

        Assert.Equal(
            [
                "chat gpt-4o-mini", "chat gpt-4o-mini", "chat gpt-4o-mini", "chat gpt-4o-mini", "execute_tool add", "invoke_agent clerk",
                "retrieval search_documents",
            ],
            own.Select(span => span.DisplayName == $"chat {Model(span)}" ? "chat gpt-4o-mini" : span.DisplayName).Order());
        var queued = (await app.Facts(id)).OfType<RunQueued>().Single();
        var root = ActivityContext.Parse(queued.TraceParent!, null);
        Assert.All(own, span => Assert.Equal((root.TraceId, root.SpanId), (span.TraceId, span.ParentSpanId)));

        var chats = own.Where(span => span.DisplayName.StartsWith("chat", StringComparison.Ordinal)).OrderBy(span => span.StartTimeUtc).ToList();
        Assert.Equal(
            [(0.00021, 1000L, 100L), (0.00021, 1000L, 100L), null, (0.00021, 1000L, 100L)],
            chats.Select(span => span.GetTagItem("agents.cost.usd") is double usd
                ? (usd, (long)span.GetTagItem("gen_ai.usage.input_tokens")!, (long)span.GetTagItem("gen_ai.usage.output_tokens")!)
                : default((double, long, long)?)));
        Assert.Equal("RateLimited", chats[2].GetTagItem("error.type"));
        Assert.Equal("gpt-4o-mini", chats[0].GetTagItem("gen_ai.response.model"));
        var agent = own.Single(span => span.DisplayName == "invoke_agent clerk");
        Assert.Equal("completed", agent.GetTagItem("agents.run.status"));
        Assert.Null(agent.GetTagItem("gen_ai.request.model"));
        Assert.DoesNotContain(own, span => span.TagObjects.Any(tag => $"{tag.Value}".Contains("7 times", StringComparison.Ordinal)));

        static string Model(Activity span) => $"{span.GetTagItem("gen_ai.request.model")}";
    }

    [Fact]
    public async Task Cost_tokens_calls_and_errors_are_metrics()
    {
        const string Question = "What is measured?";
        var metrics = new List<Metric>();
        using var metering = Sdk.CreateMeterProviderBuilder().AddMeter(RunTelemetry.Name).AddInMemoryExporter(metrics).Build();
        app.Model.Says(Question, new HttpRequestException("slow down", null, HttpStatusCode.TooManyRequests), "All of it.");

        await app.Finished(await app.Queue(Question, "clerk"));
        metering.ForceFlush();

        Assert.Superset(
            new HashSet<string> { "agents.model.calls", "agents.model.cost", "agents.model.errors", "agents.model.tokens" },
            metrics.Select(metric => metric.Name).ToHashSet());
        Assert.Equal("USD", metrics.First(metric => metric.Name == "agents.model.cost").Unit);
    }

    /// <summary>A model nobody has a price for: its run parks before anything is sent, and goes on when it has one. Prometheus reads of it.</summary>
    [Fact]
    public async Task Calls_of_unknown_cost_can_be_refused_until_the_model_has_a_price()
    {
        using var model = new ScriptedModel();
        var connection = await TestDatabase.CreatePrepared("unpriced");
        await using var host = await AlbaHost.For<Program>(web =>
        {
            web.UseSetting("ConnectionStrings:agents", connection);
            web.UseSetting("urls", "http://127.0.0.1:0");
            web.UseSetting("Models:Provider", "ollama");
            web.UseSetting("Models:Default", "homemade");
            web.UseSetting("Costs:UnpricedModels", "refuse");
            web.UseSetting("Telemetry:Prometheus", "true");
            web.ConfigureServices(services =>
            {
                services.Replace(ServiceDescriptor.Singleton<IChatClient>(model));
                services.AddSingleton(new Tools.ToolAssembly(typeof(App).Assembly));
                foreach (var agent in TestAgents.All) services.AddSingleton(agent);
            });
        });
        model.Says("May I?", "Yes.");
        var queued = await host.Scenario(call =>
        {
            call.Post.Json(App.Body("May I?", "clerk")).ToUrl("/runs");
            call.StatusCodeShouldBe(202);
        });
        var id = (await queued.ReadAsJsonAsync<System.Text.Json.JsonElement>()).GetProperty("id").GetGuid();

        var parked = await Until(host, id, "parked");
        Assert.Equal("Unpriced", parked.GetProperty("failure").GetProperty("kind").GetString());
        Assert.Empty(model.Asked("May I?"));

        await host.Scenario(call =>
        {
            call.Post.Json(new { list = System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(
                Books.List("homely", "homemade", 1, 1)) }).ToUrl("/prices");
            call.StatusCodeShouldBeOk();
        });
        await host.Scenario(call =>
        {
            call.Post.Json(new { reason = "It has a price now." }).ToUrl($"/runs/{id}/resume");
            call.StatusCodeShouldBeOk();
        });
        Assert.Equal("Yes.", (await Until(host, id, "completed")).GetProperty("answer").GetString());

        Assert.Contains("agents_model_cost_USD_total", await Scrape(), StringComparison.OrdinalIgnoreCase);
        var waited = System.Diagnostics.Stopwatch.StartNew();
        while (await Scrape() is var scraped && !(scraped.Contains("agents_node_slots", StringComparison.Ordinal)
            && scraped.Contains("agents_queue_starts", StringComparison.Ordinal)))
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(60), scraped);
            await Task.Delay(100);
        }

        async Task<string> Scrape() => await (await host.Scenario(call => call.Get.Url("/metrics"))).ReadAsTextAsync();
    }

    static async Task<System.Text.Json.JsonElement> Until(IAlbaHost host, Guid id, string status)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var run = await (await host.Scenario(call => call.Get.Url($"/runs/{id}"))).ReadAsJsonAsync<System.Text.Json.JsonElement>();
            if (run.GetProperty("status").GetString() == status) return run;
            await Task.Delay(50, patience.Token);
        }
    }

    static async Task<IReadOnlyList<Activity>> Until(SpanList spans, Guid run, string name)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var own = spans.Of(run);
            if (own.Any(span => span.DisplayName == name)) return own;
            await Task.Delay(20, patience.Token);
        }
    }

    /// <summary>Spans of all tests that run meanwhile come here too, from many threads.</summary>
    sealed class SpanList : ICollection<Activity>
    {
        readonly List<Activity> spans = [];

        public int Count => spans.Count;

        public bool IsReadOnly => false;

        public IReadOnlyList<Activity> Of(Guid run)
        {
            lock (spans) return [.. spans.Where(span => span.GetTagItem("agents.run.id") is Guid id && id == run)];
        }

        public void Add(Activity item)
        {
            lock (spans) spans.Add(item);
        }

        public void Clear() => spans.Clear();

        public bool Contains(Activity item) => spans.Contains(item);

        public void CopyTo(Activity[] array, int arrayIndex) => spans.CopyTo(array, arrayIndex);

        public bool Remove(Activity item) => spans.Remove(item);

        public IEnumerator<Activity> GetEnumerator() => spans.GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => spans.GetEnumerator();
    }
}
