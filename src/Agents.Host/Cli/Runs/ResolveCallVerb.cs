using System.CommandLine;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Ask;
using Agents.Host.Cli.Display;
using Agents.Host.Http;

namespace Agents.Host.Cli.Runs;

/// <summary>Says what became of a tool call that must not run twice and may have had its effect.</summary>
static class ResolveCallVerb
{
    static readonly Argument<string?> ToolCallId = new("call")
    {
        Description = "The tool call's id; may be left out when only one is in doubt.", Arity = ArgumentArity.ZeroOrOne
    };
    static readonly Option<string?> Result = new("--result")
    {
        Description = "It had its effect: what it brought. The model is told it.", HelpName = "TEXT"
    };
    static readonly Option<string?> Failed = new("--failed")
    {
        Description = "It had no effect: why. The model is told it. Not made again until the run is resumed.", HelpName = "TEXT"
    };
    static readonly Option<bool> Again = new("--again") { Description = "It had no effect, and is made again." };
    static readonly Option<string?> Reason = new("--reason") { Description = "How you know. Kept with the run's facts.", HelpName = "R" };

    public static Command Create(Verb verb)
    {
        var command = new Command("resolve-call", "Says what became of a tool call that may have had its effect; the run goes on.")
        {
            RunArgument.Id, ToolCallId, Result, Failed, Again, Reason,
        };
        command.Validators.Add(parsed =>
        {
            if (new[] { parsed.GetValue(Result) is not null, parsed.GetValue(Failed) is not null, parsed.GetValue(Again) }.Count(said => said) != 1)
                parsed.AddError("Say what you found out: --result TEXT, --failed TEXT or --again.");
        });
        return verb.Does(command, Run);
    }

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct);
        var runId = await call.Run(server.Api, ct);
        var doubtful = await InDoubt(server.Api, runId, call.Parsed.GetValue(ToolCallId), ct);
        var said = new ResolveToolCallRequest(
            call.Parsed.GetValue(Result), call.Parsed.GetValue(Failed), call.Parsed.GetValue(Again) ? true : null, call.Parsed.GetValue(Reason));
        var answer = await server.Api.Post($"runs/{runId}/tool-calls/{Uri.EscapeDataString(doubtful)}/resolve", said, ct);
        var status = answer.As<RunState>().Status;
        if (call.IsJson) call.Screen.Json(answer);
        else call.Screen.Line($"Tool call {Screen.Safe(doubtful)} of run {RunIds.Brief(runId)}: {Said(said)}. The run is {status}.");
        return await RunFollowing.ShowIfOwn(call, server, runId, status, ct);
    }

    static string Said(ResolveToolCallRequest said) => said switch
    {
        { Result: not null } => "it had its effect",
        { Failed: not null } => "it had no effect",
        _ => "it had no effect, and is made again",
    };

    /// <summary>The call that was named, else the only one of which it is not known what became of it.</summary>
    static async Task<string> InDoubt(Api api, Guid runId, string? named, CancellationToken ct)
    {
        if (named is not null) return named;

        var page = (await api.Get($"runs/{runId}/tool-calls", ct)).As<Page<ToolCallView>>();
        var doubtful = page.Items.Where(toolCall => toolCall.IsInDoubt).ToList();
        return doubtful switch
        {
            [var only] => only.Id,
            [] => throw new VerbException(
                ExitCodes.NothingFound, $"What became of every tool call of run {RunIds.Brief(runId)} is known. See: agents why {RunIds.Brief(runId)}"),
            _ => throw new VerbException(
                ExitCodes.Usage, "Several are in doubt, name one: " + string.Join("; ", doubtful.Select(one => $"{one.Id} {one.Tool}"))),
        };
    }
}
