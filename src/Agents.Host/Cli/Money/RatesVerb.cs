using System.CommandLine;
using Agents.Host.Api.Queue;
using Agents.Host.Cli.Display;
using Agents.Host.Engine.Queue;
using Agents.Host.Http;

namespace Agents.Host.Cli.Money;

/// <summary>Looks at and changes how many calls and tokens a minute a provider's model gets from all nodes.</summary>
static class RatesVerb
{
    static readonly Argument<string> Provider = new("provider") { Description = "openai, azure, anthropic or ollama." };
    static readonly Argument<string> Model = new("model") { Description = "As the provider names it." };
    static readonly Option<int?> Requests = new("--requests") { Description = "A minute.", HelpName = "N" };
    static readonly Option<long?> Tokens = new("--tokens") { Description = "A minute, input and output together.", HelpName = "N" };

    public static Command Create(Verb verb) => verb.Lists(
        new("rates", "Shows and changes requests and tokens per minute of models."), List,
        verb.Does(new("set", "Limits the calls to a model.") { Provider, Model, Requests, Tokens }, Set),
        verb.Does(new("remove", "Removes a limit.") { Provider, Model }, Remove));

    static async Task<int> List(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var answer = await server.Api.Get("rates", ct);
        if (call.IsJson) call.Screen.Json(answer);
        else Print(call, answer.As<Page<RateView>>().Items);
        return ExitCodes.Ok;
    }

    static async Task<int> Set(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var answer = await server.Api.Put(PathOf(call), new SetRateRequest(call.Parsed.GetValue(Requests), call.Parsed.GetValue(Tokens)), ct);
        if (call.IsJson) call.Screen.Json(answer);
        else Print(call, [answer.As<RateView>()]);
        return ExitCodes.Ok;
    }

    static async Task<int> Remove(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        await server.Api.Delete(PathOf(call), ct);
        if (!call.IsJson) call.Screen.Line("Removed.");
        return ExitCodes.Ok;
    }

    static void Print(Call call, IReadOnlyList<RateView> rates)
    {
        if (rates.Count == 0) call.Inform("No limits. Set one: agents rates set openai gpt-4o-mini --requests 500 --tokens 200000");
        else Table.Print(
            call.Screen, ["provider", "*model", ">requests/min", "->told", "->used", ">tokens/min", "->told", "->used", ">waiting runs", "-closed until"],
            [.. rates.Select(RowOf)]);
    }

    static string[] RowOf(RateView rate) =>
    [
        rate.Provider, rate.Model, Number(rate.RequestsPerMinute), Number(rate.ToldRequestsPerMinute), Formats.Number(rate.UsedRequests),
        Number(rate.TokensPerMinute), Number(rate.ToldTokensPerMinute), Formats.Number(rate.UsedTokens), Formats.Number(rate.WaitingRuns),
        rate.ClosedUntil is { } until ? Formats.Time(until) : "",
    ];

    static string Number(long? number) => number is { } value ? Formats.Number(value) : "";

    static string PathOf(Call call) =>
        $"rates/{Uri.EscapeDataString(call.Parsed.GetValue(Provider)!)}/{Uri.EscapeDataString(call.Parsed.GetValue(Model)!)}";
}
