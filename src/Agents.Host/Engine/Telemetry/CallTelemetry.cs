using System.Diagnostics;
using System.Diagnostics.Metrics;
using Agents.Domain.Runs;

namespace Agents.Host.Engine.Telemetry;

/// <summary>
/// One model call as a <c>chat</c> span and as metrics, with its cost. Approximate by nature; the exact sums are in schema <c>finance</c>.
/// </summary>
/// <remarks>Names follow OpenTelemetry's conventions for generative AI; what they have no name for begins with <c>agents.</c></remarks>
public sealed class CallTelemetry : IDisposable
{
    static readonly Counter<long> Calls = RunTelemetry.Meter.CreateCounter<long>("agents.model.calls", "{call}", "Model calls by how they ended.");
    static readonly Counter<long> Errors = RunTelemetry.Meter.CreateCounter<long>(
        "agents.model.errors", "{error}", "Model calls without an answer, by why.");
    static readonly Counter<long> Unpriced = RunTelemetry.Meter.CreateCounter<long>(
        "agents.model.unpriced", "{call}", "Answered calls whose cost is unknown.");
    static readonly Counter<long> Tokens = RunTelemetry.Meter.CreateCounter<long>(
        "agents.model.tokens", "{token}", "Tokens by kind; the kinds never overlap.");
    static readonly Counter<long> Searches = RunTelemetry.Meter.CreateCounter<long>(
        "agents.model.web_searches", "{search}", "Searches that providers made, each with a fee.");
    static readonly Counter<double> Cost = RunTelemetry.Meter.CreateCounter<double>("agents.model.cost", "USD", "What priced calls cost.");

    readonly Activity? span;
    readonly TagList tags;

    CallTelemetry(Activity? span, TagList tags) => (this.span, this.tags) = (span, tags);

    public static CallTelemetry Begin(Run run, string agent, string provider, string model, CallModel work) => new(
        RunTelemetry.Begin(run.TraceParent, $"chat {model}", ActivityKind.Client)?
            .SetTag("gen_ai.operation.name", "chat").SetTag("gen_ai.provider.name", provider).SetTag("gen_ai.request.model", model)
            .SetTag("gen_ai.agent.name", agent).SetTag("gen_ai.conversation.id", run.Id)
            .SetTag("agents.run.id", run.Id).SetTag("agents.call", work.Call).SetTag("agents.attempt", work.Attempt),
        new() { { "gen_ai.provider.name", provider }, { "gen_ai.request.model", model }, { "gen_ai.agent.name", agent } });

    public void End(ModelReport report)
    {
        switch (report)
        {
            case RecordModelReply reply: Answered(reply); break;
            case RecordModelFailure failure: Failed(failure.Failure.Kind.ToString()); break;
            case RecordModelCallLost lost: Failed(lost.Cause.ToString()); break;
        }
    }

    public void Dispose() => span?.Dispose();

    void Answered(RecordModelReply reply)
    {
        Calls.Add(1, With(("agents.outcome", "answered")));
        span?.SetTag("gen_ai.response.model", reply.Reply.Model).SetTag("gen_ai.response.id", reply.Reply.ProviderId)
            .SetTag("gen_ai.response.finish_reasons", new[] { reply.Reply.FinishReason });
        if (reply.Cost is { } cost)
        {
            Cost.Add((double)cost.Usd, tags);
            span?.SetTag("agents.cost.usd", (double)cost.Usd).SetTag("agents.price.version", cost.PriceVersion);
        }
        else
        {
            Unpriced.Add(1, tags);
        }

        if (reply.Usage is not { } usage) return;

        span?.SetTag("gen_ai.usage.input_tokens", usage.TotalInput()).SetTag("gen_ai.usage.output_tokens", usage.TotalOutput())
            .SetTag("gen_ai.usage.cache_read.input_tokens", usage.CachedInputTokens)
            .SetTag("gen_ai.usage.cache_creation.input_tokens", usage.CacheWrite5MinutesTokens + usage.CacheWrite1HourTokens)
            .SetTag("gen_ai.usage.reasoning.output_tokens", usage.ReasoningTokens);
        foreach (var (kind, tokens) in new[]
                 {
                     ("input", usage.InputTokens), ("cached_input", usage.CachedInputTokens),
                     ("cache_write_5_minutes", usage.CacheWrite5MinutesTokens),
                     ("cache_write_1_hour", usage.CacheWrite1HourTokens), ("output", usage.OutputTokens), ("reasoning", usage.ReasoningTokens),
                     ("audio_input", usage.AudioInputTokens), ("audio_output", usage.AudioOutputTokens),
                 })
            if (tokens > 0) Tokens.Add(tokens, With(("agents.token.kind", kind)));
        if (usage.AudioInputTokens > 0) span?.SetTag("agents.usage.audio.input_tokens", usage.AudioInputTokens);
        if (usage.AudioOutputTokens > 0) span?.SetTag("agents.usage.audio.output_tokens", usage.AudioOutputTokens);
        if (usage.WebSearches > 0)
        {
            Searches.Add(usage.WebSearches, tags);
            span?.SetTag("agents.usage.web_searches", usage.WebSearches);
        }
    }

    void Failed(string why)
    {
        Calls.Add(1, With(("agents.outcome", "failed")));
        Errors.Add(1, With(("error.type", why)));
        span?.SetTag("error.type", why).SetStatus(ActivityStatusCode.Error);
    }

    TagList With((string Name, string Value) tag)
    {
        var more = tags;
        more.Add(tag.Name, tag.Value);
        return more;
    }
}
