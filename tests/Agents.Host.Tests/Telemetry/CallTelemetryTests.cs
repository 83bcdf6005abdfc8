using System.Diagnostics;
using System.Diagnostics.Metrics;
using Agents.Domain.Runs;
using Agents.Host.Engine.Telemetry;

namespace Agents.Host.Tests.Telemetry;

public sealed class CallTelemetryTests
{
    [Fact]
    public void Audio_and_searches_are_told_apart_in_metrics_and_spans()
    {
        var agent = $"voice-{Guid.NewGuid():N}";
        var (counted, spans) = (new Dictionary<string, long>(), new List<Activity>());
        using var meters = new MeterListener { InstrumentPublished = (instrument, listener) =>
            { if (instrument.Meter.Name == RunTelemetry.Name) listener.EnableMeasurementEvents(instrument); } };
        meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var named = tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value);
            if (agent.Equals(named.GetValueOrDefault("gen_ai.agent.name")))
                counted[$"{instrument.Name} {named.GetValueOrDefault("agents.token.kind")}".TrimEnd()] = value;
        });
        meters.Start();
        using var tracing = new ActivityListener
        {
            ShouldListenTo = source => source.Name == RunTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span => { if (agent.Equals(span.GetTagItem("gen_ai.agent.name"))) spans.Add(span); },
        };
        ActivitySource.AddActivityListener(tracing);

        var run = Run.Before(Guid.CreateVersion7());
        using (var telling = CallTelemetry.Begin(run, agent, "openai", "voice-1", new(run.Id, 1, 1)))
            telling.End(new RecordModelReply(
                1, 1, new("Hm.", [], [], "voice-1", "stop", null), new(1000, 100, AudioInputTokens: 2000, AudioOutputTokens: 300, WebSearches: 2),
                null,
                new(0.1m, "v"), TimeSpan.FromSeconds(1)));

        Assert.Equal(
            new Dictionary<string, long>
            {
                ["agents.model.calls"] = 1, ["agents.model.tokens input"] = 1000, ["agents.model.tokens output"] = 100,
                ["agents.model.tokens audio_input"] = 2000,
                ["agents.model.tokens audio_output"] = 300, ["agents.model.web_searches"] = 2,
            },
            counted);
        var span = Assert.Single(spans);
        Assert.Equal((3000L, 400L), (span.GetTagItem("gen_ai.usage.input_tokens"), span.GetTagItem("gen_ai.usage.output_tokens")));
        Assert.Equal(
            (2000L, 300L, 2L),
            (span.GetTagItem("agents.usage.audio.input_tokens"), span.GetTagItem("agents.usage.audio.output_tokens"),
                span.GetTagItem("agents.usage.web_searches")));
    }
}
