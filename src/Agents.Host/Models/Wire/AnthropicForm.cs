using System.Text.Json;
using Agents.Host.Models.Outputs;
using Anthropic.Models.Messages;
using Microsoft.Extensions.AI;
using Effort = Agents.Domain.Definitions.ReasoningEffort;

namespace Agents.Host.Models.Wire;

/// <summary>
/// What a call asks for, as Anthropic's API takes it. A schema that the API does not keep its models to is told in words; effort is a share of the
/// reply for thinking; the prompt is marked where a cache may end.
/// </summary>
sealed class AnthropicForm(IChatClient sdk, string defaultModel) : DelegatingChatClient(sdk)
{
    /// <summary>Tokens that the API wants for thinking at least.</summary>
    const long LeastThought = 1024;

    public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var call = options?.Clone() ?? new();
        List<ChatMessage> told = [.. messages];
        // From its version 2026-10-21 on, which the SDK asks for, Anthropic's API refuses requests that choose a sampling.
        (call.Temperature, call.TopP, call.TopK) = (null, null, null);
        if (call is { AllowMultipleToolCalls: false, Tools.Count: > 0 }) call.ToolMode = ChatToolMode.Auto; // else the wish is not sent

        var schema = CallForm.SchemaOf(call);
        call.ResponseFormat = null;
        if (schema is { SuitsAnthropic: false }) told = OutputWords.Told(told, schema);
        if (CallForm.Caches(options)) MarkForCache(told);

        var thought = ThoughtOf(CallForm.EffortOf(options), call, told);
        if (schema is { SuitsAnthropic: true } || thought is not null) call.RawRepresentationFactory = _ => Asked(call, schema, thought);
        return base.GetStreamingResponseAsync(told, call, cancellationToken);
    }

    MessageCreateParams Asked(ChatOptions call, OutputSchema? schema, long? thought)
    {
        var asked = new MessageCreateParams
        {
            MaxTokens = MostTokens(call), Messages = [], Model = call.ModelId ?? defaultModel,
        };
        if (schema is { SuitsAnthropic: true })
            asked = asked with
            {
                OutputConfig = new()
                {
                    Format = new() { Schema = schema.Json.EnumerateObject().ToDictionary(one => one.Name, one => one.Value) },
                },
            };
        return thought is { } tokens ? asked with { Thinking = new ThinkingConfigEnabled { BudgetTokens = tokens } } : asked;
    }

    /// <summary>
    /// Tokens for thinking, of those that the reply may hold. Null when nothing is wanted, when there are too few, and after a tool call: the API
    /// then wants to see the thoughts before it, which are not kept.
    /// </summary>
    static long? ThoughtOf(Effort? effort, ChatOptions call, List<ChatMessage> told)
    {
        if (effort is null || told.Exists(message => message.Contents.Any(content => content is FunctionCallContent))) return null;

        var share = effort switch { Effort.Minimal => 0, Effort.Low => 0.25, Effort.Medium => 0.5, _ => 0.75 };
        var thought = Math.Max(LeastThought, (long)(MostTokens(call) * share));
        return thought <= MostTokens(call) - LeastThought ? thought : null;
    }

    static long MostTokens(ChatOptions call) => call.MaxOutputTokens ?? ModelLimits.AnthropicOutputTokens;

    static int SystemMessages(List<ChatMessage> told) => told.TakeWhile(message => message.Role == ChatRole.System).Count();

    /// <summary>Behind the instructions, which all calls of the step have, and at the end, with which the next call of the step goes on.</summary>
    static void MarkForCache(List<ChatMessage> told)
    {
        var system = SystemMessages(told) - 1;
        if (system >= 0) told[system] = Marked(told[system]);
        if (told.Count - 1 > system) told[^1] = Marked(told[^1]);
    }

    static ChatMessage Marked(ChatMessage message)
    {
        if (message.Contents.Count == 0) return message;

        AIContent last = message.Contents[^1] switch
        {
            TextContent text => new TextContent(text.Text),
            FunctionResultContent result => new FunctionResultContent(result.CallId, result.Result),
            FunctionCallContent asked => new FunctionCallContent(asked.CallId, asked.Name, asked.Arguments),
            var other => other,
        };
        return new(message.Role, [.. message.Contents.SkipLast(1), last.WithCacheControl(new CacheControlEphemeral())])
        {
            AdditionalProperties = message.AdditionalProperties,
        };
    }
}
