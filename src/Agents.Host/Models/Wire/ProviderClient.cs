using System.Runtime.CompilerServices;
using System.Text.Json;
using Agents.Domain.Runs;
using Microsoft.Extensions.AI;

namespace Agents.Host.Models.Wire;

/// <summary>
/// A provider's SDK that only asks. What comes back is read here, event by event: every SDK throws at something that a compatible server sends.
/// </summary>
sealed class ProviderClient(IChatClient sdk, ModelOptions limits, OutputLimitField? limitField = null) : DelegatingChatClient(sdk)
{
    readonly ThoughtHabits habits = new();

    /// <summary>Among others what is known of the thoughts of its models.</summary>
    public override object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType == typeof(ThoughtHabits) ? habits : base.GetService(serviceType, serviceKey);

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var exchange = Exchange.Begin(options?.ModelId ?? limits.Default);
        await Ask(exchange, messages, options, cancellationToken);

        await using var body = await exchange.Reply!.Content.ReadAsStreamAsync(cancellationToken);
        var events = new SentEvents(body, exchange.Reply.Content.Headers.ContentType?.MediaType ?? "something without a content type");
        var reader = ReplyReader.Of(limits.Provider);
        var (isReply, somethingElse) = (false, (string?)null);
        await using var sent = events.Read(cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (!reader.IsOver)
        {
            ChatResponseUpdate? update;
            try
            {
                if (!await sent.MoveNextAsync()) break;
                update = Read(reader, sent.Current);
            }
            catch (ProviderFailedException failed)
            {
                throw failed.Without(limits.ApiKey);
            }

            if (update is null)
            {
                somethingElse ??= sent.Current.Data.GetRawText();
                continue;
            }

            isReply = true;
            CheckLimit(update, options?.MaxOutputTokens, exchange);
            yield return update;
        }

        if (events.IsDone) yield return new(ChatRole.Assistant, []) { FinishReason = ChatFinishReason.Stop }; // unless another reason has come
        if (!isReply && somethingElse is not null)
            throw new ProviderFailedException(
                FailureKind.Unavailable, $"The provider answered with something else than a reply: {WireJson.Start(somethingElse)}").Without(limits.ApiKey);
    }

    /// <summary>Sends the request through the SDK, to which the reply looks empty.</summary>
    async Task Ask(Exchange exchange, IEnumerable<ChatMessage> messages, ChatOptions? options, CancellationToken ct)
    {
        try
        {
            await foreach (var _ in base.GetStreamingResponseAsync(messages, options, ct)) { }
        }
        catch (Exception) when (exchange.Reply is not null && !ct.IsCancellationRequested)
        {
            // What the SDK says of an empty reply means nothing.
        }

        if (exchange.Reply is null) throw new ProviderFailedException(FailureKind.StreamCut, "The provider's reply did not come.");
    }

    static ChatResponseUpdate? Read(ReplyReader reader, SentEvent sent)
    {
        // Some servers put a single event into a list.
        if (sent.Data.ValueKind is JsonValueKind.Array && sent.Data.EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.Object } first)
            sent = sent with { Data = first };
        try
        {
            return ProviderErrors.In(sent) is { } error ? throw error : reader.Read(sent);
        }
        catch (Exception e) when (e is not ProviderFailedException)
        {
            throw new ProviderFailedException(FailureKind.StreamCut, $"The reply could not be read: {WireJson.Start(sent.Data.GetRawText())}");
        }
    }

    void CheckLimit(ChatResponseUpdate update, int? most, Exchange exchange)
    {
        if (update.Contents.OfType<UsageReport>().LastOrDefault()?.Counts.Number("completion_tokens") > most) limitField?.WasIgnored(exchange);
    }
}
