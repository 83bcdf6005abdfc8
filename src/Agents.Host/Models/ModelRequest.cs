using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
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
    /// <param name="isLast">The run may end with the step: its replies are bounded as the caller wants.</param>
    public static ModelRequest Of(Conversation said, ModelStep step, string model, Limits limits, ITools tools, bool isLast = false) => new(
        PromptBound.Fit([
            new(ChatRole.System, step.Instructions),
            .. said.Instructions is null ? Array.Empty<ChatMessage>() : [new(ChatRole.System, said.Instructions)],
            .. said.Before.Select(MessageOf),
            new(ChatRole.User, said.Question),
            .. said.Earlier.Select(earlier => new ChatMessage(ChatRole.User, $"# {earlier.Name}\n{TextOf(earlier.Output, earlier.Passages)}")),
            .. said.Turns.Select(MessageOf),
        ], limits.PromptCharacters ?? Limits.DefaultPromptCharacters),
        new ChatOptions
        {
            ModelId = model,
            MaxOutputTokens = isLast && said.OutputTokens < limits.OutputTokensPerCall ? said.OutputTokens : limits.OutputTokensPerCall,
            Tools = [.. (step.Tools ?? []).Select(grant => tools.Declaration(grant.Tool))],
            AdditionalProperties = new() { [StepProperty] = step.Name },
        });

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

    /// <summary>SHA-256 over model, messages and tools, lower-case hex: proves later what was sent, without storing it again.</summary>
    public string Hash()
    {
        var sent = JsonSerializer.Serialize(new
        {
            ModelId = Model(),
            Options.MaxOutputTokens,
            Tools = Options.Tools?.Select(tool => tool.Name),
            Messages = Messages.Select(message => new { Role = message.Role.Value, Contents = message.Contents.Select(Describe) }),
        });
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sent)));
    }

    /// <summary>An upper bound of the input: of its texts, and a few tokens that frame each message and tool.</summary>
    public long InputTokensAtMost()
    {
        const int PerMessage = 16;
        const int PerTool = 1024;
        return Messages.Sum(message => (long)PerMessage + message.Contents.Sum(content => TokenCount.AtMost(Options.ModelId!, Describe(content))))
               + PerTool * (long)(Options.Tools?.Count ?? 0);
    }

    static ChatMessage MessageOf(EarlierMessage earlier) =>
        new(earlier.By is Speaker.User ? ChatRole.User : ChatRole.Assistant,
            earlier.Text) { AdditionalProperties = new() { [EarlierProperty] = true } };

    static ChatMessage MessageOf(Turn turn) => turn switch
    {
        Turn.Model said => new(ChatRole.Assistant,
        [
            .. said.Text.Length > 0 ? new AIContent[] { new TextContent(said.Text) } : [],
            .. said.ToolUses.Select(use => new FunctionCallContent(use.ToolCallId, NameOf(use.Tool), ToolBox.ArgumentsOf(use.Arguments))),
        ]),
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
