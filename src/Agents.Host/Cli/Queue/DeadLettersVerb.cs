using System.CommandLine;
using Agents.Host.Api.DeadLetters;
using Agents.Host.Cli.Display;
using Agents.Host.Cli.Runs;
using Agents.Host.Http;
using Agents.Host.Log;

namespace Agents.Host.Cli.Queue;

/// <summary>Shows messages that were given up, and sends them again.</summary>
static class DeadLettersVerb
{
    static readonly Argument<Guid?> MaybeId = new("id") { Description = "Of the message.", Arity = ArgumentArity.ZeroOrOne };
    static readonly Argument<Guid> Id = new("id") { Description = "Of the message." };
    static readonly Option<bool> All = new("--all") { Description = "All messages instead of one." };

    public static Command Create(Verb verb)
    {
        var replay = new Command("replay", "Sends a message again, or all.") { MaybeId, All };
        replay.Validators.Add(parsed =>
        {
            if (parsed.GetResult(MaybeId)?.Tokens.Count > 0 == parsed.GetValue(All))
                parsed.AddError("Name one message, or say --all. See: agents dead-letters list");
        });
        return verb.Lists(
            new("dead-letters", "Shows messages that were given up, and sends them again."), List,
            verb.Does(replay, Replay),
            verb.Does(new Command("remove", "Throws a message away.") { Id }.Also("discard"), Discard));
    }

    static async Task<int> List(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var answer = await server.Api.Get("dead-letters?limit=1000", ct);
        if (call.IsJson) call.Screen.Json(answer);
        else if (answer.As<Page<DeadLetterView>>().Items is { Count: > 0 } letters)
            Table.Print(call.Screen, ["id", "-sent", "message", "run", "*failed with"], [.. letters.Select(RowOf)]);
        else call.Inform("No message was given up.");
        return ExitCodes.Ok;
    }

    static async Task<int> Replay(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct);
        var path = call.Parsed.GetValue(All) ? "dead-letters/replay" : $"dead-letters/{call.Parsed.GetValue(MaybeId)}/replay";
        var answer = await server.Api.Post(path, new { }, ct);
        if (call.IsJson) call.Screen.Json(answer);
        else call.Screen.Line($"{Formats.Count(answer.As<ChangedLetters>().Letters, "message")} sent again.");
        return ExitCodes.Ok;
    }

    static async Task<int> Discard(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        await server.Api.Delete($"dead-letters/{call.Parsed.GetValue(Id)}", ct);
        if (!call.IsJson) call.Screen.Line("Thrown away.");
        return ExitCodes.Ok;
    }

    static string[] RowOf(DeadLetterView letter) =>
    [
        letter.Id.ToString(), letter.SentAt is { } at ? Formats.Time(at) : "", letter.MessageType.Split('.')[^1],
        letter.RunId is { } run ? RunIds.Brief(run) : "", $"{letter.ExceptionType?.Split('.')[^1]}: {letter.ExceptionMessage}",
    ];
}
