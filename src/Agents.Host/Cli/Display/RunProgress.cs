using System.Text.Json;
using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Log;

namespace Agents.Host.Cli.Display;

/// <summary>What a run's steps have done so far, gathered from its facts as they come.</summary>
public sealed class RunProgress
{
    readonly List<StepProgress> steps = [];

    /// <param name="expected">Names of the steps to come, where they are known.</param>
    public RunProgress(IEnumerable<string>? expected = null) => steps.AddRange((expected ?? []).Select(name => new StepProgress(name)));

    public IReadOnlyList<StepProgress> Steps => steps;

    /// <summary>The step that has begun last; null before the first.</summary>
    public StepProgress? Current { get; private set; }

    /// <summary>The step that was skipped last; null when none was.</summary>
    public StepProgress? Skipped { get; private set; }

    /// <summary>Of the run, by its facts so far, as the API names it.</summary>
    public string Status { get; private set; } = "queued";

    public void Add(EventView happened)
    {
        var data = happened.Data;
        Status = StatusAfter(happened.Type);
        switch (happened.Type)
        {
            case "delta":
                Current?.Say(data.GetProperty("text").GetString()!, data.GetProperty("offset").GetInt32());
                break;
            case "attempt_reset":
                Current?.Say("", offset: 0);
                break;
            case "state_inherited":
                Inherit(
                    data.GetProperty("step").GetInt32(), data.GetProperty("name").GetString()!, data.GetProperty("isInStep").GetBoolean(),
                    happened.At);
                if (!data.TryGetProperty("doubts", out var doubts)) break;
                foreach (var doubt in doubts.EnumerateArray())
                    steps[doubt.GetProperty("step").GetInt32()].DoubtEffectOf(doubt.GetProperty("toolCallId").GetString()!);
                break;
            case "step_started":
                Begin(data.GetProperty("step").GetInt32(), data.GetProperty("name").GetString()!, happened.At);
                break;
            case "step_skipped":
                Skipped = At(data.GetProperty("step").GetInt32(), data.GetProperty("name").GetString()!);
                Skipped.Skip(data.GetProperty("name").GetString()!, data.GetProperty("reason").GetString()!);
                break;
            case "step_completed":
                Current?.Complete(data.GetProperty("output").GetString()!, happened.At);
                break;
            case "run_completed":
                if (Current?.Output == data.GetProperty("answer").GetString()) Current?.Answered(data.GetProperty("citations").GetArrayLength());
                break;
            default:
                Current?.Add(happened.Type, data);
                break;
        }
    }

    string StatusAfter(string fact) => fact switch
    {
        "run_started" or "run_resumed" => "running",
        "run_paused" => "paused",
        "run_parked" => "parked",
        "run_completed" => "completed",
        "run_failed" => "failed",
        "run_cancelled" => "cancelled",
        _ => Status,
    };

    /// <summary>A fork shows of each step what has become of it in the run that the fork continues.</summary>
    void Inherit(int last, string name, bool isInStep, DateTimeOffset at)
    {
        for (var position = 0; position <= last; position++)
        {
            Begin(position, position == last ? name : position < steps.Count ? steps[position].Name : $"step {position + 1}", at);
            if (position < last || !isInStep) steps[position].Complete("as in the run it continues", at);
        }
    }

    void Begin(int position, string name, DateTimeOffset at)
    {
        Current = At(position, name);
        Current.Begin(name, at);
    }

    StepProgress At(int position, string name)
    {
        while (steps.Count < position) steps.Add(new("")); // the run went past them, and nothing says how they are named
        if (steps.Count == position) steps.Add(new(name));
        return steps[position];
    }
}

/// <summary>One step of a run, as it is shown on one line.</summary>
public sealed class StepProgress(string name)
{
    /// <summary>UTF-16 units of a reply that are kept to be shown.</summary>
    const int MostWords = 4_000;

    readonly HashSet<string> passages = [];
    readonly HashSet<string> documents = [];
    readonly List<string> doubts = [];
    string says = "";
    int visits;
    string? wait;

    public string Name { get; private set; } = name;

    public DateTimeOffset? StartedAt { get; private set; }

    public DateTimeOffset? EndedAt { get; private set; }

    public long InputTokens { get; private set; }

    public long OutputTokens { get; private set; }

    /// <summary>Why it was skipped, the last time that it was. Null when it never was.</summary>
    public string? WasSkipped { get; private set; }

    /// <summary>What is not known of its tool calls. Null when every outcome is known.</summary>
    public string? Doubt => doubts.Count == 0
        ? null
        : $"it is not known whether {string.Join(", ", doubts)} had "
            + (doubts.Count == 1 ? "its effect, and it is not called again" : "their effect, and they are not called again");

    /// <summary>What has come of a reply that is still coming; of a long one the end.</summary>
    public string Words { get; private set; } = "";

    internal void Say(string text, int offset)
    {
        Words = offset == 0 ? text : Words + text;
        if (Words.Length > MostWords) Words = Words[^MostWords..];
    }

    /// <summary>What it did or is doing; several lines are joined.</summary>
    public string Says =>
        string.Join(" · ", new[] { Visit(), Doubt, passages.Count == 0 ? null : Found(), says }.Where(part => part is { Length: > 0 }));

    internal void Begin(string name, DateTimeOffset at)
    {
        (Name, StartedAt, EndedAt, says, Words, wait, visits) = (name, at, null, "", "", null, visits + 1);
        doubts.Clear();
    }

    internal void Skip(string name, string reason) => (Name, WasSkipped) = (name, WhySkipped(reason));

    /// <summary>The run has come to it, and taken or skipped it.</summary>
    public bool WasReached() => StartedAt is not null || WasSkipped is not null;

    /// <param name="reason">As it is stored.</param>
    internal static string WhySkipped(string reason) =>
        reason is nameof(SkipReason.Visits) ? "taken as often as it may be" : "its condition does not hold";

    /// <summary>What it has brought, the last time. Empty before it is over.</summary>
    public string Output { get; private set; } = "";

    internal void Complete(string output, DateTimeOffset at)
    {
        var lines = output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        (EndedAt, Output, Words, says) = (at, output, "", wait is not null && output.Length == 0 ? says : string.Join(" · ", lines));
    }

    /// <summary>The answer of a wait is what somebody sent, and was shown with its step.</summary>
    internal void Answered(int citations) =>
        says = wait is not null ? says : citations == 0 ? "answered without citations" : $"answered with {Formats.Count(citations, "citation")}";

    internal void DoubtEffectOf(string toolCallId) => doubts.Add(toolCallId);

    internal void Add(string type, JsonElement data)
    {
        switch (type)
        {
            case "model_call_scheduled" when data.GetProperty("attempt").GetInt32() > 1:
                says = $"attempt {data.GetProperty("attempt").GetInt32()}: {says}";
                break;
            case "model_call_scheduled":
                says = "asks " + data.GetProperty("model").GetString();
                break;
            case "model_call_completed":
                Words = "";
                Count(data.GetProperty("usage"));
                break;
            case "tool_call_failed" when data.GetProperty("failure").GetProperty("kind").GetString() is nameof(FailureKind.OutcomeUnknown):
                DoubtEffectOf(data.GetProperty("toolCallId").GetString()!);
                break;
            case "tool_call_resolved":
                doubts.Remove(data.GetProperty("toolCallId").GetString()!);
                says = "a person said what became of the tool call";
                break;
            case "model_call_failed" or "tool_call_failed":
                says = data.GetProperty("failure").GetProperty("message").GetString() ?? "";
                break;
            case "model_call_outcome_unknown":
                says = "an interrupted call, whose outcome is unknown";
                break;
            case "wait_started":
                wait = FactText.Wait(data);
                says = $"waits {wait}";
                break;
            case "wait_ended":
                says = data.GetProperty("by").GetString() is nameof(WaitEnd.Time) ? $"waited {wait}" : "the signal came";
                break;
            case "tool_call_requested":
                says = $"{data.GetProperty("tool").GetString()} {data.GetProperty("arguments").GetString()}";
                break;
            case "passages_retrieved":
                foreach (var passage in data.GetProperty("passages").EnumerateArray())
                {
                    passages.Add(passage.GetProperty("passageId").GetString()!);
                    documents.Add(passage.GetProperty("documentId").GetString()!);
                }

                break;
        }
    }

    void Count(JsonElement usage)
    {
        if (usage.ValueKind != JsonValueKind.Object) return;
        var used = usage.As<Usage>();
        InputTokens += used.TotalInput();
        OutputTokens += used.TotalOutput();
    }

    string? Visit() => visits > 1 ? $"visit {visits}" : null;

    string Found() => $"{Formats.Count(passages.Count, "passage")} from {Formats.Count(documents.Count, "document")}";
}
