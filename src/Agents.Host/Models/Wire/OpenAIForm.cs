using Agents.Host.Models.Outputs;
using Microsoft.Extensions.AI;
using OpenAI.Chat;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;
using Effort = Agents.Domain.Definitions.ReasoningEffort;

namespace Agents.Host.Models.Wire;

/// <summary>
/// What Microsoft.Extensions.AI does not say to OpenAI's API as it is meant: how strict a schema is, and the least of efforts. A schema of anything
/// but objects, which the API refuses, is told in words.
/// </summary>
sealed class OpenAIForm(IChatClient sdk) : DelegatingChatClient(sdk)
{
    public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var (schema, effort) = (CallForm.SchemaOf(options), CallForm.EffortOf(options));
        if (schema is null && effort is null) return base.GetStreamingResponseAsync(messages, options, cancellationToken);

        var call = options!.Clone();
        if (schema is { IsOfObjects: false }) messages = OutputWords.Told(messages, schema);
        if (schema is { IsAnyObject: false }) call.ResponseFormat = null;
        call.RawRepresentationFactory = _ => Asked(schema is { IsAnyObject: true } or { IsOfObjects: false } ? null : schema, effort);
        return base.GetStreamingResponseAsync(messages, call, cancellationToken);
    }

    static ChatCompletionOptions Asked(OutputSchema? schema, Effort? effort)
    {
        var asked = new ChatCompletionOptions();
        if (schema is not null)
            asked.ResponseFormat = OpenAI.Chat.ChatResponseFormat.CreateJsonSchemaFormat(
                CallForm.SchemaName, BinaryData.FromString(schema.Text), jsonSchemaIsStrict: schema.SuitsOpenAI);
#pragma warning disable OPENAI001 // The field is part of the API since the first models that reason.
        if (effort is not null) asked.ReasoningEffortLevel = new(effort.ToString()!.ToLowerInvariant());
#pragma warning restore OPENAI001
        return asked;
    }
}
