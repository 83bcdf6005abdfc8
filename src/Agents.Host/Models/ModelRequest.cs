using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Models.Outputs;
using Agents.Host.Tools;
using Microsoft.Extensions.AI;

namespace Agents.Host.Models;

/// <summary>What is sent to the model for one call: the conversation in Microsoft.Extensions.AI's words.</summary>
public sealed record ModelRequest(IReadOnlyList<ChatMessage> Messages, ChatOptions Options)
{
    /// <summary>The entry of the provider that is asked. Null for the main one.</summary>
    public string? Entry { get; init; }

    /// <summary>Name under which the options carry the step's name; only the offline model reads it.</summary>
    public const string StepProperty = "step";

    /// <summary>
    /// Name under which a message from before the question says so, for models that must know the question from what came before it.
    /// </summary>
    public const string EarlierProperty = "earlier";

    /// <summary>
    /// System: the step's instructions, then the caller's. Then what was said before the question; user: the question. Then the earlier steps, then
    /// the turns of this step.
    /// </summary>
    /// <param name="isLast">The run may end with the step: its replies are bounded, and of the form, that the caller wants.</param>
    /// <param name="ofAgent">How the agent's models are to answer where neither run nor step says. Null leaves it to the provider.</param>
    public static ModelRequest Of(
        Conversation said, ModelStep step, string model, Limits limits, ITools tools, bool isLast = false, ModelParameters? ofAgent = null)
    {
        var schema = ModelWishes.SchemaOf(step, isLast, said.OutputSchema);
        var parameters = ModelParameters.Of(said.Parameters, step.Parameters, ofAgent);
        var options = new ChatOptions
        {
            ModelId = model,
            MaxOutputTokens = isLast && said.OutputTokens < limits.OutputTokensPerCall ? said.OutputTokens : limits.OutputTokensPerCall,
            Tools = [.. (step.Tools ?? []).Select(grant => tools.Declaration(grant.Tool))],
            AdditionalProperties = new() { [StepProperty] = step.Name },
        };
        CallForm.Set(options, parameters, schema);
        return new(MessagesOf(said, step, limits, schema), options) { OutputSchema = schema, Parameters = parameters };
    }

    /// <summary>JSON Schema that the reply must fit, as JSON text. Null when it is text.</summary>
    public string? OutputSchema { get; private init; }

    /// <summary>How the model is to answer.</summary>
    public ModelParameters Parameters { get; private init; } = new();

    static IReadOnlyList<ChatMessage> MessagesOf(Conversation said, ModelStep step, Limits limits, string? schema) =>
        PromptBound.Fit([
            new(ChatRole.System, step.Instructions),
            .. said.Instructions is null ? Array.Empty<ChatMessage>() : [new(ChatRole.System, said.Instructions)],
            .. said.Before.Select(MessageOf),
            new(ChatRole.User, said.Question),
            .. said.Earlier.Select(earlier => new ChatMessage(ChatRole.User, $"# {earlier.Name}\n{TextOf(earlier.Output, earlier.Passages)}")),
            .. said.Turns.Select(turn => MessageOf(turn, schema)),
        ], limits.PromptCharacters ?? Limits.DefaultPromptCharacters);

    /// <summary>The same request for a reply of at most so many tokens.</summary>
    public ModelRequest WithReplyOf(int outputTokensAtMost)
    {
        var options = Options.Clone();
        options.MaxOutputTokens = outputTokensAtMost;
        return this with { Options = options };
    }

    /// <summary>The model as agents name it: with its entry, if it has one.</summary>
    public string Model() => Entry is null ? Options.ModelId! : $"{Entry}/{Options.ModelId}";

    /// <summary>What is sent, in UTF-16 units; names of fields and what frames messages left out.</summary>
    public long Characters() => Messages.Sum(message => message.Contents.Sum(content => (content as TextContent)?.Text.Length ?? 0L));

    /// <summary>
    /// SHA-256 over model, messages, tools and, where there are any, schema and parameters; lower-case hex: proves later what was sent, without
    /// storing it again.
    /// </summary>
    public string Hash()
    {
        var sent = JsonSerializer.Serialize(new
        {
            ModelId = Model(),
            Options.MaxOutputTokens,
            Tools = Options.Tools?.Select(tool => tool.Name),
            Messages = Messages.Select(message => new { Role = message.Role.Value, Contents = message.Contents.Select(Describe) }),
        });
        if (OutputSchema is not null || !Parameters.IsSilent()) sent += JsonSerializer.Serialize(new { OutputSchema, Parameters });
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sent)));
    }

    /// <summary>An upper bound of the input: of its texts and schema, and a few tokens that frame each message, the tools and the schema.</summary>
    public long InputTokensAtMost()
    {
        const int PerMessage = 16;
        const int PerTool = 1024;
        const int PerSchema = 512;
        return Messages.Sum(message => (long)PerMessage + message.Contents.Sum(content => TokenCount.AtMost(Options.ModelId!, Describe(content))))
               + PerTool * (long)(Options.Tools?.Count ?? 0)
               + (OutputSchema is null ? 0 : PerSchema + TokenCount.AtMost(Options.ModelId!, OutputSchema));
    }

    static ChatMessage MessageOf(EarlierMessage earlier) =>
        new(earlier.By is Speaker.User ? ChatRole.User : ChatRole.Assistant,
            earlier.Text) { AdditionalProperties = new() { [EarlierProperty] = true } };

    static ChatMessage MessageOf(Turn turn, string? schema) => turn switch
    {
        Turn.Model said => new(ChatRole.Assistant,
        [
            .. said.Text.Length > 0 ? new AIContent[] { new TextContent(said.Text) } : [],
            .. said.ToolUses.Select(use => new FunctionCallContent(use.ToolCallId, NameOf(use.Tool), ToolBox.ArgumentsOf(use.Arguments))),
        ]),
        Turn.Unfit unfit => new(ChatRole.User, OutputWords.Unfit(unfit.Problems, schema)),
        Turn.Tool told => new(ChatRole.Tool, [new FunctionResultContent(told.ToolCallId, TextOf(told.Result, told.Passages))]),
        _ => throw new InvalidOperationException(turn.GetType().Name),
    };

    /// <summary>A tool's name in the letters that providers take; a model may have called for one by any name, or by none.</summary>
    static string NameOf(string tool)
    {
        const int Longest = 64;
        var name = string.Concat(tool.Take(Longest).Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' ? letter : '_'));
        return name.Length > 0 ? name : "_";
    }

    internal static string TextOf(string output, IReadOnlyList<NumberedPassage> passages)
    {
        var blocks = passages.Select(shown => $"[{shown.Number}] {shown.Passage.Source} › {shown.Passage.Title}\n{shown.Passage.Text}");
        var text = string.Join("\n\n", output.Length > 0 ? blocks.Prepend(output) : blocks);
        return text.Length > 0 ? text : "Nothing was found.";
    }

    static string Describe(AIContent content) => content switch
    {
        TextContent text => text.Text,
        FunctionCallContent call => $"{call.CallId} {call.Name} {JsonSerializer.Serialize(call.Arguments)}",
        FunctionResultContent result => $"{result.CallId} {result.Result}",
        _ => content.GetType().Name,
    };
}
