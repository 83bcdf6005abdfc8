using System.Globalization;
using System.Text.Json;
using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Log;

namespace Agents.Host.Cli.Display;

/// <summary>A stored fact in a few words, for people. A fact this program does not know is shown as it is.</summary>
public static class FactText
{
    const int MostColumns = 160;

    /// <summary>Such as <c>[2026-11-23T02:42:19.143Z] step_started: 1 plan</c>.</summary>
    public static string Line(EventView fact) => $"[{Formats.Stamp(fact.At)}] {fact.Type}: {Screen.Clip(Of(fact), MostColumns)}";

    public static string Of(EventView fact)
    {
        var data = fact.Data;
        return fact.Type switch
        {
            "run_queued" =>
                $"{Text("agent")} version {Text("agentVersion")}, priority {Text("priority")}, for {Text("requestedBy")}: {Text("question")}",
            "state_inherited" =>
                $"{(data.GetProperty("step").GetInt32() < 0 ? "nothing done yet" : $"step {Position()} {Text("name")}")}, inherited "
                + $"{Amount("inheritedUsd")}{(Text("reason") is { Length: > 0 } why ? $": {why}" : "")}",
            "fork_started" => $"run {Text("fork")}, for at most {Amount("heldUsd")}",
            "fork_ended" => $"run {Text("fork")} has spent {Amount("spentUsd")}",
            "run_started" => $"on {Text("worker")}",
            "run_paused" or "run_resumed" or "run_cancelled" => ByAndReason(),
            "run_parked" or "run_failed" => FailureText(),
            "run_budget_changed" => $"{Amount("budgetUsd")}, {ByAndReason()}",
            "run_closing" => $"for want of {Text("reason")}, step {Position()} gives the last word",
            "run_completed" =>
                $"{Formats.Count(data.GetProperty("citations").GetArrayLength(), "citation")}"
                + $"{(Text("incomplete") is { Length: > 0 } cut ? $", {CutOff(cut)}" : "")}: {Text("answer")}",
            "step_started" => $"{Position()} {Text("name")}{(Text("visit") is { Length: > 0 } and not "1" and var visit ? $", visit {visit}" : "")}",
            "step_skipped" => $"{Position()} {Text("name")}, {StepProgress.WhySkipped(Text("reason"))}",
            "step_completed" => Text("output") is { Length: > 0 } output ? $"{Position()}: {output}" : Position(),
            "wait_started" => $"{Position()}, {Wait(data)}",
            "wait_ended" => $"{Position()}, by {Text("by").ToLowerInvariant()}{Said()}",
            "signal_received" => $"{Text("name")}, by {Text("by")}{Said()}",
            "model_call_scheduled" => $"{Attempt()}, {Text("model")}{After()}{Because()}",
            "model_call_started" => $"{Attempt()}, on {Text("worker")}{Reserved()}{Shortened()}",
            "model_call_completed" => $"{Attempt()}, {Used()}, {Price()}, {Took()}{Unfit()}: {data.GetProperty("reply").GetProperty("text").GetString()}",
            "model_call_failed" => $"{Attempt()}, {Took()}, {FailureText()}",
            "model_call_outcome_unknown" =>
                $"{Attempt()}, {Text("cause")}, may have cost {Amount("lowUsd")} to {Amount("highUsd")}"
                + $"{(Member("failure") is { ValueKind: JsonValueKind.Object } ? $", {FailureText()}" : "")}",
            "spend_resolved" => $"{Attempt()}, did cost {Amount("actualUsd")}, by {Text("source")}",
            "tool_call_requested" =>
                $"{Tool()}, {Text("tool")} {Text("arguments")}{(data.GetProperty("needsApproval").GetBoolean() ? ", needs approval" : "")}",
            "tool_call_approved" => $"{Tool()}, by {Text("by")}",
            "tool_call_denied" => $"{Tool()}, {ByAndReason()}",
            "tool_call_scheduled" => $"{Tool()}, attempt {Text("attempt")}{After()}",
            "tool_call_started" => $"{Tool()}, attempt {Text("attempt")}, on {Text("worker")}",
            "child_run_started" => $"{Tool()}, run {Text("child")} of {Text("agent")}, for at most {Amount("heldUsd")}",
            "tool_call_completed" => $"{Tool()}, {Took()}: {Text("result")}",
            "tool_call_failed" when Kind() is nameof(FailureKind.OutcomeUnknown) => $"{Tool()}, {Took()}, not made again, {FailureText()}",
            "tool_call_failed" => $"{Tool()}, {Took()}, {FailureText()}",
            "tool_call_resolved" => $"{Tool()}, {Resolution()}",
            "passages_retrieved" => $"{Tool()}, {Formats.Count(data.GetProperty("passages").GetArrayLength(), "passage")} for “{Text("query")}”",
            _ => data.GetRawText(),
        };

        string Resolution() => (Member("result").ValueKind, Member("failed").ValueKind) switch
        {
            (JsonValueKind.String, _) => $"had its effect, {ByAndReason()}: {Text("result")}",
            (_, JsonValueKind.String) => $"had no effect, {ByAndReason()}: {Text("failed")}",
            _ => $"had no effect and is made again, {ByAndReason()}",
        };

        string Unfit() => data.GetProperty("reply").TryGetProperty("outputProblems", out var problems) && problems.ValueKind is JsonValueKind.Array
            ? $", does not fit ({string.Join(' ', problems.EnumerateArray().Select(problem => problem.GetString()))})"
            : "";

        string Text(string member) => Member(member) switch
        {
            { ValueKind: JsonValueKind.String } text => text.GetString()!,
            { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => "",
            var other => other.GetRawText(),
        };

        JsonElement Member(string name) => data.TryGetProperty(name, out var member) ? member : default;

        string Amount(string member) => Usd(member) is { } usd ? Formats.Usd(usd) : "an unknown amount";

        decimal? Usd(string member) => Member(member) is { ValueKind: JsonValueKind.Number } usd ? usd.GetDecimal() : null;

        string Because() => Member("because") is { ValueKind: JsonValueKind.Object } because
            ? $", because {because.GetProperty("kind").GetString()}: {because.GetProperty("message").GetString()}"
            : "";

        string Position() => (data.GetProperty("step").GetInt32() + 1).ToString(CultureInfo.InvariantCulture);
        string Attempt() => Text("attempt") is "1" ? $"call {Text("call")}" : $"call {Text("call")} attempt {Text("attempt")}";
        string Tool() => $"call {Text("toolCallId")}";
        string ByAndReason() => Text("reason") is { Length: > 0 } reason ? $"by {Text("by")}: {reason}" : $"by {Text("by")}";
        string Said() => Text("payload") is { Length: > 0 } payload ? $": {payload}" : "";
        string Kind() => data.GetProperty("failure").GetProperty("kind").GetString()!;
        string FailureText() => $"{Kind()}: {data.GetProperty("failure").GetProperty("message").GetString()}";
        string Took() => Formats.Duration(Time("latency"));
        string After() => Time("delay") is var delay && delay > TimeSpan.Zero ? $", in {Formats.Duration(delay)}" : "";
        string Reserved() => Usd("reservedUsd") is { } usd and > 0 ? $", at most {Formats.Usd(usd)}" : "";
        string Shortened() =>
            Member("maxOutputTokens") is { ValueKind: JsonValueKind.Number } tokens ? $", at most {tokens.GetRawText()} tokens of reply" : "";
        string Used() => Member("usage") is { ValueKind: JsonValueKind.Object } usage ? Formats.Tokens(usage.As<Usage>()) : "tokens unknown";
        string Price() =>
            Member("cost") is { ValueKind: JsonValueKind.Object } cost ? Formats.Usd(cost.GetProperty("usd").GetDecimal()) : "cost unknown";
        TimeSpan Time(string member) => TimeSpan.TryParse(Text(member), CultureInfo.InvariantCulture, out var time) ? time : TimeSpan.Zero;
    }

    /// <summary>What a wait waits for, such as <c>for signal approved, for 5 min 0 s, until 2026-12-01 09:00:00</c>.</summary>
    /// <param name="started">The fact <c>wait_started</c>.</param>
    public static string Wait(JsonElement started)
    {
        var (signal, longest, until) = (started.GetProperty("signal"), started.GetProperty("for"), started.GetProperty("until"));
        string?[] parts =
        [
            signal.ValueKind is JsonValueKind.String ? $"for signal {signal.GetString()}" : null,
            longest.ValueKind is JsonValueKind.String
                ? $"for {Formats.Duration(TimeSpan.Parse(longest.GetString()!, CultureInfo.InvariantCulture))}" : null,
            until.ValueKind is JsonValueKind.String ? $"until {Formats.Time(until.GetDateTimeOffset())}" : null,
        ];
        return string.Join(", ", parts.OfType<string>());
    }

    /// <summary>Why an answer is not whole.</summary>
    static string CutOff(string by) => by is "budget" or "calls" ? $"early for want of {by}" : $"cut off by {by}";
}
