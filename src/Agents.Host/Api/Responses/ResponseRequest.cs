using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Engine.Requests;
using Agents.Host.Http;

namespace Agents.Host.Api.Responses;

/// <summary>What <c>POST /v1/responses</c> asks for, after everything that cannot be honoured was refused by name.</summary>
/// <param name="Model">Name of the agent.</param>
/// <param name="Question">Empty when approvals are answered.</param>
/// <param name="Brief">Null when nothing was said besides the question.</param>
/// <param name="PreviousResponseId">Null when the response begins a conversation.</param>
/// <param name="Answers">To approvals; empty when a question is asked.</param>
public sealed record ResponseRequest(
    string Model, string Question, Brief? Brief, string? PreviousResponseId, IReadOnlyDictionary<string, string>? Metadata, int Priority,
    bool IsBackground, bool IsStreamed, Include Include, IReadOnlyList<GivenAnswer> Answers)
{
    const int InstructionCharacters = 16_384;

    /// <exception cref="JsonException">The body is no JSON.</exception>
    public static (ResponseRequest? Request, OpenAIRefusal? Refusal) Read(ReadOnlyMemory<byte> body)
    {
        using var document = JsonDocument.Parse(body, new() { MaxDepth = 32 });
        var root = document.RootElement;
        if (root.ValueKind is not JsonValueKind.Object) return (null, new(400, "The body must be a JSON object."));
        if (ResponseParameters.Refused(root) is { } refused) return (null, refused);

        var model = Text(root, "model");
        if (string.IsNullOrEmpty(model)) return (null, new(400, "Missing required parameter: 'model'.", "model", "missing_required_parameter"));
        if (!root.TryGetProperty("input", out var given) || given.ValueKind is JsonValueKind.Null)
            return (null, new(400, "Missing required parameter: 'input'.", "input", "missing_required_parameter"));

        var input = ResponseInput.Read(given);
        if (input.Refusal is not null) return (null, input.Refusal);

        var include = root.TryGetProperty("include", out var names) && names.ValueKind is JsonValueKind.Array
            ? names.EnumerateArray().Select(name => name.GetString() ?? "").ToList()
            : [];
        var instructions = string.Join(
            "\n\n", new[] { Text(root, "instructions") }.Concat(input.Instructions).Where(text => !string.IsNullOrWhiteSpace(text)));
        var metadata = MetadataOf(root);
        var (earlier, isCut) = Fitting(input.Messages.SkipLast(input.QuestionMessages).ToList());
        if (Problem() is { } problem) return (null, problem);

        var (schema, parameters) = ResponseWishes.Read(root);
        var (background, question) = (
            Flag(root, "background"), string.Join("\n\n", input.Messages.TakeLast(input.QuestionMessages).Select(message => message.Text)));
        if (input.Answers.Count == 0 && string.IsNullOrWhiteSpace(question))
            return (null, new(400, "The input must end with a user message that is not empty.", "input", "invalid_value"));
        if (question.Length > TextBounds.QuestionCharacters)
            return (
                null,
                new(
                    400, $"The question may have {TextBounds.QuestionCharacters:N0} characters; this one has {question.Length:N0}.", "input",
                    "string_above_max_length"));

        return (new(
            model, input.Answers.Count == 0 ? question : "",
            new(
                instructions.Length > 0 ? Sanitiser.Text(instructions, InstructionCharacters) : null, earlier.Count > 0 ? earlier : null,
                root.TryGetProperty("max_output_tokens", out var most) && most.ValueKind is JsonValueKind.Number ? most.GetInt32() : null,
                IsAwaited: !background, OutputSchema: schema, Parameters: parameters),
            Text(root, "previous_response_id"), metadata, ServiceTiers.PriorityOf(Text(root, "service_tier"))!.Value,
            background, Flag(root, "stream"), Include.Of(include), input.Answers), null);

        OpenAIRefusal? Problem()
        {
            if (Include.Unknown(include) is { } name) return new(400, $"Cannot include '{name}'.", "include", "unsupported_value");
            if (instructions.Length > InstructionCharacters)
                return new(
                    400, $"Instructions may have {InstructionCharacters:N0} characters; these have {instructions.Length:N0}.", "instructions",
                    "string_above_max_length");
            if (Labels.Problem(metadata) is { } wrong) return new(400, wrong, "metadata", "invalid_value");
            if (isCut && Text(root, "truncation") is not "auto")
                return new(
                    400, $"A conversation may have {EarlierMessage.Most} messages of {EarlierMessage.MostCharacters:N0} characters together before "
                        + "the question. "
                    + "Send fewer, or pass \"truncation\": \"auto\" to have the oldest left out.", "input", "context_length_exceeded");
            return null;
        }
    }

    static (IReadOnlyList<EarlierMessage> Messages, bool IsCut) Fitting(List<EarlierMessage> messages)
    {
        var latest = EarlierMessage.Latest(messages);
        return (latest, latest.Count < messages.Count);
    }

    static Dictionary<string, string>? MetadataOf(JsonElement root) =>
        root.TryGetProperty("metadata", out var labels) && labels.ValueKind is JsonValueKind.Object
            ? labels.EnumerateObject().GroupBy(label => label.Name).ToDictionary(same => same.Key, same => same.Last().Value.GetString() ?? "")
            : null;

    static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    static bool Flag(JsonElement root, string name) => root.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.True;
}
