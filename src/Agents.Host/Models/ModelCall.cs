using System.Data.Common;
using System.Diagnostics;
using Agents.Domain.Runs;
using Agents.Host.Models.Wire;
using Agents.Host.Platform;
using Microsoft.Extensions.AI;

namespace Agents.Host.Models;

/// <summary>One streaming call to a model, measured and bounded. It tries once: trying again is a decision of the run.</summary>
public static class ModelCall
{
    /// <summary>Calls the model and waits for the end of its reply.</summary>
    /// <param name="options">Tools as declarations: nothing is run here.</param>
    /// <param name="onDelta">
    /// Gets the text piece by piece, clean, never more than <see cref="ModelLimits.Text"/>; but see
    /// <see cref="ModelOutcome.Answered.TakenBackCharacters"/>. What it throws propagates.
    /// </param>
    /// <returns>The reply, or why there is none.</returns>
    /// <exception cref="OperationCanceledException">
    /// The caller's token was cancelled; our own limits give a <see cref="ModelOutcome.Failed"/>.
    /// </exception>
    public static async Task<ModelOutcome> Run(
        IChatClient client, IEnumerable<ChatMessage> messages, ChatOptions options, ModelOptions limits,
        Action<string>? onDelta, CancellationToken ct)
    {
        var started = Stopwatch.GetTimestamp();
        var (asked, habits) = (options.ModelId ?? limits.Default, client.GetService<ThoughtHabits>());
        var reply = new ReplyInProgress(onDelta, habits?.BeginsWithin(asked) is true);
        TimeSpan? firstToken = null;
        Failure? afterTheEnd = null;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        stop.CancelAfter(Shorter(limits.FirstTokenTimeout, limits.CallTimeout));

        await using var updates = new PatientEnumerator<ChatResponseUpdate>(
            client.GetStreamingResponseAsync(messages, options, stop.Token), stop.Token);
        while (true)
        {
            try
            {
                if (!await updates.MoveNext()) break;
            }
            catch (Exception) when (ct.IsCancellationRequested)
            {
                throw new OperationCanceledException(ct);
            }
            catch (Exception e) when (e is not (DbException or OutOfMemoryException))
            {
                var failure = FailureOf(e, stop.IsCancellationRequested, limits, reply, firstToken);
                if (reply.FinishReason is null) return reply.Fail(failure, Stopwatch.GetElapsedTime(started), firstToken);

                afterTheEnd = failure; // the reply is complete; what is missing is its usage at most
                break;
            }

            var (wasWhole, before) = (reply.FinishReason is not null, reply.ReceivedCharacters);
            reply.Add(updates.Current);
            if (firstToken is null && reply.HasBegun)
            {
                firstToken = Stopwatch.GetElapsedTime(started);
                FaultPoint.Hit("first-token");
                stop.CancelAfter(Left(started, limits));
            }

            // Some servers send the reason with every piece: while pieces come, the reply is not at its end.
            if (reply.FinishReason is not null && (!wasWhole || reply.ReceivedCharacters > before))
                stop.CancelAfter(Shorter(Left(started, limits), ModelLimits.AfterTheEnd));
        }

        var latency = Stopwatch.GetElapsedTime(started);
        if (reply.FinishReason is null)
            return reply.Fail(ModelFailures.Of(FailureKind.StreamCut, "The reply ended without a finish reason."), latency, firstToken);

        var outcome = reply.Complete(asked, latency, firstToken, afterTheEnd);
        if (reply.BeganWithinThought is { } beganWithin) habits?.Learn(asked, beganWithin);
        return outcome;
    }

    static Failure FailureOf(Exception exception, bool hasTimedOut, ModelOptions limits, ReplyInProgress reply, TimeSpan? firstToken)
    {
        if (hasTimedOut)
            return ModelFailures.Of(FailureKind.Timeout, reply.FinishReason is not null ? "The reply was whole, and its stream stayed open."
                : firstToken is null && limits.FirstTokenTimeout < limits.CallTimeout
                    ? $"No first token within {limits.FirstTokenTimeout.TotalSeconds:0.#} s."
                    : $"No complete reply within {limits.CallTimeout.TotalSeconds:0.#} s.");

        // SDKs throw all sorts. Whatever they throw is about the call: it is a failure of it, and none of the message that asked for it.
        var failure = ModelFailures.From(exception) ?? ModelFailures.Unreadable(exception);
        return exception is ProviderFailedException || failure.Kind is FailureKind.Timeout || reply.ReceivedCharacters == 0
            ? failure
            : failure with { Kind = FailureKind.StreamCut };
    }

    /// <summary>Until the whole call must have ended.</summary>
    static TimeSpan Left(long started, ModelOptions limits)
    {
        var left = limits.CallTimeout - Stopwatch.GetElapsedTime(started);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    static TimeSpan Shorter(TimeSpan left, TimeSpan right) => left < right ? left : right;
}
