using System.CommandLine;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Ask;
using Agents.Host.Cli.Display;
using Agents.Host.Platform;

namespace Agents.Host.Cli.Runs;

/// <summary>Sends a run a signal, for the wait that waits for it.</summary>
static class SignalVerb
{
    static readonly Argument<string> Name = new("name")
    {
        Description = "The signal's name.",
        Validators =
        {
            parsed =>
            {
                if (parsed.Tokens is [var name] && !SignalBounds.IsName(name.Value))
                    parsed.AddError($"'{name.Value}' is no signal: a name is 1 to {SignalBounds.NameCharacters} of a-z, 0-9, _ . and -.");
            },
        },
    };

    static readonly Option<string?> Payload = new("--payload")
    {
        Description = "JSON or a text; @FILE reads it from a file. The step's output.", HelpName = "JSON"
    };

    static readonly Option<string?> SignalId = new("--id") { Description = "The same id twice counts once.", HelpName = "ID" };

    public static Command Create(Verb verb) =>
        verb.Does(new("signal", "Sends a run a signal that it waits for, or will.") { RunArgument.Id, Name, Payload, SignalId }, Run);

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        var name = call.Parsed.GetValue(Name)!;
        using var content = ContentOf(await PayloadOf(call, ct));
        await using var server = await ServerConnection.Open(call, ct);
        var runId = await call.Run(server.Api, ct);
        var answer = await server.Api.Post($"runs/{runId}/signals/{name}", content, ct, call.Parsed.GetValue(SignalId));
        var isUsed = answer.As<SentSignal>().Outcome is "used";
        if (call.IsJson) call.Screen.Json(answer);
        else
            call.Screen.Line(
                $"Signal {name} of run {RunIds.Brief(runId)}: {(isUsed ? "used, the run goes on" : "kept until a wait uses it")}.");

        if (!isUsed || !server.IsOwn || call.IsJson) return ExitCodes.Ok;
        return await RunFollowing.Show(call, server, runId, ct); // its server ends with this call
    }

    static async Task<byte[]> PayloadOf(Call call, CancellationToken ct) => call.Parsed.GetValue(Payload) switch
    {
        null => [],
        ['@', .. var file] => File.Exists(file)
            ? await File.ReadAllBytesAsync(file, ct)
            : throw new VerbException(ExitCodes.Usage, $"There is no file {file}."),
        var text => Encoding.UTF8.GetBytes(text),
    };

    /// <summary>What reads as JSON is sent as JSON, all else as a text.</summary>
    static ByteArrayContent ContentOf(byte[] payload)
    {
        var content = new ByteArrayContent(payload);
        content.Headers.ContentType = new MediaTypeHeaderValue(payload.Length == 0 || IsJson(payload) ? "application/json" : "text/plain");
        return content;
    }

    static bool IsJson(byte[] payload)
    {
        try
        {
            using var json = JsonDocument.Parse(payload, JsonFormat.Document);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
