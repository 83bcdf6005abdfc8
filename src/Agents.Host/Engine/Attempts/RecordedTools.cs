using System.Text.Json;
using System.Text.Json.Nodes;
using Agents.Domain.Runs;
using Agents.Host.Log;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Attempts;

/// <summary>Gives a what-if the results that the run it continues has recorded, instead of calling tools.</summary>
public sealed class RecordedTools(IRunLog log)
{
    /// <summary>
    /// What the last call of that tool with the same arguments has brought, in the whole history of the run that this one continues, or what a person
    /// said it has; else why it failed. A call that was never made fails.
    /// </summary>
    public async Task<ToolReport> OutcomeOf(string tenant, Run run, RunTool work, ToolCall call, CancellationToken ct)
    {
        var wanted = Form(call.Arguments ?? "{}");
        var calls = new HashSet<string>(StringComparer.Ordinal);
        var (found, result, failure) = ((PassagesRetrieved?)null, (ToolCallCompleted?)null, (Failure?)null);
        foreach (var happened in await History(tenant, run, ct))
            switch (happened)
            {
                case ToolCallRequested e when e.Tool == call.Tool && Form(e.Arguments) == wanted: calls.Add(e.ToolCallId); break;
                case ToolCallRequested e: calls.Remove(e.ToolCallId); break; // a fork counts its calls from where it began
                case PassagesRetrieved e when calls.Contains(e.ToolCallId): found = e; break;
                case ToolCallCompleted e when calls.Contains(e.ToolCallId): result = e; break;
                case ToolCallFailed e when calls.Contains(e.ToolCallId): failure = e.Failure; break;
                case ToolCallResolved { Result: { } said } e when calls.Contains(e.ToolCallId):
                    result = new(e.ToolCallId, e.Attempt, said, Truncated: false, TimeSpan.Zero);
                    break;
                case ToolCallResolved { Failed: { } said } e when calls.Contains(e.ToolCallId): failure = new(FailureKind.ToolError, said); break;
            }

        if (result is not null)
            return new RecordToolResult(
                work.ToolCallId, work.Attempt, result.Result, result.Truncated, TimeSpan.Zero,
                found is { } passages && passages.ToolCallId == result.ToolCallId ? new(passages.Query, passages.Passages) : null);

        return new RecordToolFailure(work.ToolCallId, work.Attempt, failure is null ? NotRecorded(call.Tool) : Final(failure), TimeSpan.Zero);
    }

    /// <summary>All that happened in the run that this one continues, also after it, and in those which that one continues.</summary>
    async Task<IReadOnlyList<RunEvent>> History(string tenant, Run run, CancellationToken ct) =>
        run.ForkedFrom is { } from && await log.Load(tenant, from.Run, ct) is { } origin ? await log.Whole(tenant, origin, ct) : [];

    static Failure NotRecorded(string tool) => new(
        FailureKind.ToolError, $"No result of {tool} with these arguments is recorded, and this run calls no tool.");

    /// <summary>Trying it again would find the same.</summary>
    static Failure Final(Failure failure) => failure.IsTransient() || failure.Kind is FailureKind.OutcomeUnknown
        ? new(FailureKind.ToolError, failure.Message)
        : failure;

    /// <summary>JSON without the order of its members and its white space; what is no JSON as it is.</summary>
    static string Form(string arguments)
    {
        try
        {
            return JsonNode.Parse(arguments, documentOptions: JsonFormat.Document) is { } node ? Sorted(node)!.ToJsonString() : arguments;
        }
        catch (JsonException)
        {
            return arguments;
        }
    }

    static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject holder => new JsonObject(
            holder.OrderBy(member => member.Key, StringComparer.Ordinal).Select(member => KeyValuePair.Create(member.Key, Sorted(member.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Sorted)]),
        _ => node?.DeepClone(),
    };
}
