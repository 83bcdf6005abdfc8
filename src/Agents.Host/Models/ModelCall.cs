using System.Data.Common;
using System.Diagnostics;
using Agents.Domain.Runs;
using Agents.Host.Platform;
using Microsoft.Extensions.AI;

namespace Agents.Host.Models;

/// <summary>One streaming call to a model, measured and bounded. It tries once: trying again is a decision of the run.</summary>
public static class ModelCall
{
    /// <summary>Calls the model and waits for the end of its reply.</summary>
    /// <param name="options">Tools as declarations: nothing is run here.</param>
    /// <param name="onDelta">Gets the text piece by piece, clean, never more than <see cref="ModelLimits.Text"/>. What it throws propagates.</param>
    /// <returns>The reply, or why there is none.</returns>
    /// <exception cref="OperationCanceledException">
    /// The caller's token was cancelled; our own limits give a <see cref="ModelOutcome.Failed"/>.
    /// </exception>
    public static async Task<ModelOutcome> Run(
        IChatClient client, IEnumerable<ChatMessage> messages, ChatOptions options, ModelOptions limits,
        Action<string>? onDelta, CancellationToken ct)
    {
        var started = Stopwatch.GetTimestamp();
        var reply = new ReplyInProgress(onDelta);
        TimeSpan? firstToken = null;
        Failure? afterTheEnd = null;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        stop.CancelAfter(limits.FirstTokenTimeout < limits.CallTimeout ? limits.FirstTokenTimeout : limits.CallTimeout);

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
            catch (Exception e) when (FailureOf(e, stop.IsCancellationRequested, updates.HasStarted, limits, firstToken) is { } failure)
            {
                if (reply.FinishReason is not null)
                {
                    afterTheEnd = failure; // the reply is complete; what is missing is its usage at most
                    break;
                }
                return reply.Fail(reply.ReceivedCharacters > 0 ? Cut(failure) : failure, Stopwatch.GetElapsedTime(started), firstToken);
            }

            reply.Add(updates.Current);
            if (firstToken is null && reply.HasBegun)
            {
                firstToken = Stopwatch.GetElapsedTime(started);
                FaultPoint.Hit("first-token");
                stop.CancelAfter(Max(TimeSpan.Zero, limits.CallTimeout - firstToken.Value));
            }
        }

        var latency = Stopwatch.GetElapsedTime(started);
        return reply.FinishReason is not null
            ? reply.Complete(options.ModelId ?? limits.Default, latency, firstToken, afterTheEnd)
            : reply.Fail(ModelFailures.Of(FailureKind.StreamCut, "The reply ended without a finish reason."), latency, firstToken);
    }

    /// <summary>Null for our own faults.</summary>
    static Failure? FailureOf(Exception exception, bool hasTimedOut, bool hasStarted, ModelOptions limits, TimeSpan? firstToken)
    {
        if (hasTimedOut)
            return ModelFailures.Of(FailureKind.Timeout, firstToken is null && limits.FirstTokenTimeout < limits.CallTimeout
                ? $"No first token within {limits.FirstTokenTimeout.TotalSeconds:0.#} s."
                : $"No complete reply within {limits.CallTimeout.TotalSeconds:0.#} s.");

        // SDKs throw all sorts at a reply they did not expect. Once it has begun to come, what they throw is about the reply.
        return ModelFailures.From(exception)
               ?? (hasStarted && exception is not (DbException or OutOfMemoryException) ? ModelFailures.Unreadable(exception) : null);
    }

    /// <summary>A provider that fails after it has begun to answer may have billed the reply.</summary>
    static Failure Cut(Failure failure) => failure.Kind is FailureKind.Timeout ? failure : failure with { Kind = FailureKind.StreamCut };

    static TimeSpan Max(TimeSpan left, TimeSpan right) => left > right ? left : right;
}
