using System.CommandLine;
using System.Text.Json;
using Agents.Domain.Costs;
using Agents.Host.Api.Costs;
using Agents.Host.Cli.Display;
using Agents.Host.Engine.Money;
using Agents.Host.Engine.Money.Import;
using Agents.Host.Http;

namespace Agents.Host.Cli.Money;

/// <summary>Price lists: which there are, what a model costs, and new ones.</summary>
static class PricesVerb
{
    const string LiteLlm = "litellm";
    const string Genai = "genai-prices";
    const string Own = "own";

    static readonly Argument<string> Model = new("model") { Description = "As the provider names it." };
    static readonly Option<string?> Tier = new("--tier")
    {
        Description = "The provider's service tier, such as flex, priority or batch.", HelpName = "TIER"
    };
    static readonly Argument<string> File = new("file") { Description = "The price list." };
    static readonly Option<string> Format = new("--format")
    {
        Description = $"{Own} (the default), {LiteLlm} or {Genai}.", HelpName = "FORMAT", DefaultValueFactory = _ => Own
    };
    static readonly Option<DateTimeOffset?> From = new("--from")
    {
        Description = "When it comes into force, as 2026-12-01. Without it: now.", HelpName = "DATE"
    };
    static readonly Option<string?> Version = new("--version")
    {
        Description = "Its name. Without it: its own, or the format and the day.", HelpName = "NAME"
    };
    static readonly Option<string?> Tenant = new("--tenant") { Description = "Whose contract it is. Without it: for all.", HelpName = "T" };
    static readonly Option<string> Providers = new("--providers")
    {
        Description = "Whose models to take from a public list; the first named wins.", HelpName = "A,B", DefaultValueFactory = _ =>
            "openai,anthropic",
    };

    public static Command Create(Verb verb)
    {
        Format.AcceptOnlyFromAmong(Own, LiteLlm, Genai);
        return verb.Lists(
            new("prices", "Lists, shows and imports price lists."), List,
            verb.Does(new("show", "Shows what a model costs now.") { Model, Tier }, Show),
            verb.Does(new("import", "Publishes a price list; it is never changed again.") { File, Format, From, Version, Tenant, Providers }, Import));
    }

    static async Task<int> List(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var answer = await server.Api.Get("prices", ct);
        if (call.IsJson) call.Screen.Json(answer);
        else
            Table.Print(call.Screen, [
                "version", "from", "for", ">models", "in force"], [.. answer.As<Page<PriceListView>>().Items.Select(list => new[]
            {
                list.Version, list.From == DateTimeOffset.UnixEpoch ? "ever" : Formats.Time(list.From),
                list.Tenant ?? (list.IsShipped ? "all, unless imported" : "all"),
                Formats.Number(list.Models), list.IsInForce ? "yes" : "no",
            })]);
        return ExitCodes.Ok;
    }

    static async Task<int> Show(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var tier = call.Parsed.GetValue(Tier) is { } tierName ? $"&tier={Uri.EscapeDataString(tierName)}" : "";
        var answer = await server.Api.Get($"prices/model?model={Uri.EscapeDataString(call.Parsed.GetValue(Model)!)}{tier}", ct);
        if (call.IsJson) call.Screen.Json(answer);
        else Print(call.Screen, answer.As<ModelPriceView>());
        return ExitCodes.Ok;
    }

    static void Print(Screen screen, ModelPriceView priced)
    {
        var price = priced.Entry.Price;
        var hasAudio = (price.AudioInput ?? price.AudioOutput) is not null;
        var rows = new List<string[]>();
        for (LongInputPrice? next = new(-1, price); next is not null; next = next.Price.LongInput)
        {
            var flat = (next.Price with { LongInput = null }).AppliedTo(Usage.None);
            rows.Add(
            [
                next.AboveTokens < 0 ? "any" : $"over {Formats.Number(next.AboveTokens)}", Formats.Usd(flat.Input),
                Formats.Usd(flat.CachedInput!.Value),
                Formats.Usd(flat.CacheWrite5Minutes!.Value), Formats.Usd(flat.CacheWrite1Hour!.Value), Formats.Usd(flat.Output),
                Formats.Usd(flat.Reasoning!.Value),
                .. hasAudio
                    ? [
                        flat.AudioInput is { } heard ? Formats.Usd(heard) : "unknown",
                        flat.AudioOutput is { } spoken ? Formats.Usd(spoken) : "unknown"]
                    : Array.Empty<string>(),
            ]);
        }

        screen.Line(
            $"{Screen.Safe(priced.Model)} by {Screen.Safe(priced.Version)}, {Screen.Safe(priced.Entry.Model)}. US dollars per million tokens:");
        Table.Print(
            screen,
            [
                "input tokens", ">input", ">cached", ">write 5 min", ">write 1 h", ">output", ">reasoning",
                .. hasAudio ? [">audio in", ">audio out"] : Array.Empty<string>()], rows);
        if (price.RequestFee is { } request) screen.Line($"And {Formats.Usd(request)} for each call.");
        if (price.WebSearchFee is { } search) screen.Line($"And {Formats.Usd(search)} for each search of the provider.");
        if (priced.Entry.BatchFactor is { } factor) screen.Line($"A batch costs {factor} of that; fees stay the same.");
        if (priced.Entry.Source is { Length: > 0 } source) screen.Line($"[grey]Read {priced.Entry.Checked:yyyy-MM-dd} at {Screen.Safe(source)}[/]");
    }

    static async Task<int> Import(Call call, CancellationToken ct)
    {
        var imported = await Read(call, ct);
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var list = JsonSerializer.Deserialize<JsonElement>(PriceListFormat.Write(imported.Prices));
        await server.Api.Post(
            "prices",
            new
            {
                list, from = call.Parsed.GetValue(From), tenant = call.Parsed.GetValue(Tenant), source = Path.GetFileName(call.Parsed.GetValue(File)!)
            },
            ct);
        if (call.IsJson)
            call.Screen.Json(JsonSerializer.SerializeToElement(
                new { imported.Prices.Version, Models = imported.Prices.Entries.Count, imported.Skipped }, Answers.Format));
        else call.Screen.Line($"Published {Screen.Safe(imported.Prices.Version)} with {Formats.Count(imported.Prices.Entries.Count, "price")}.");
        foreach (var skipped in imported.Skipped) call.Inform($"left out {skipped}");
        return ExitCodes.Ok;
    }

    static async Task<ImportedPrices> Read(Call call, CancellationToken ct)
    {
        var (file, format) = (call.Parsed.GetValue(File)!, call.Parsed.GetValue(Format)!);
        if (!System.IO.File.Exists(file)) throw new VerbException(ExitCodes.Usage, $"There is no file {file}.");

        var json = await System.IO.File.ReadAllTextAsync(file, ct);
        var today = DateOnly.FromDateTime((call.Parsed.GetValue(From) ?? DateTimeOffset.UtcNow).UtcDateTime);
        var version = call.Parsed.GetValue(Version);
        var providers = call.Parsed.GetValue(Providers)!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        try
        {
            var imported = format switch
            {
                LiteLlm => LiteLlmPrices.Read(json, version ?? $"{LiteLlm}-{today:yyyy-MM-dd}", providers, today, Path.GetFileName(file)),
                Genai => GenaiPrices.Read(json, version ?? $"{Genai}-{today:yyyy-MM-dd}", providers, today, Path.GetFileName(file)),
                _ => new(PriceListFormat.Read(json) is var own && version is null ? own : own with { Version = version! }, []),
            };
            return imported.Prices.Entries.Count > 0
                ? imported
                : throw new VerbException(ExitCodes.NothingFound, $"{file} has no prices of {string.Join(", ", providers)}.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new VerbException(ExitCodes.Usage, $"{file} is no price list of format {format}: {e.Message}");
        }
    }
}
