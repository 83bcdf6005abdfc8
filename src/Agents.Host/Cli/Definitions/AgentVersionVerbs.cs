using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Agents.Host.Api.Catalog;
using Agents.Host.Catalog;
using Agents.Host.Catalog.Format;
using Agents.Host.Cli.Display;
using Agents.Host.Http;

namespace Agents.Host.Cli.Definitions;

/// <summary>Shows, compares and chooses the versions of an agent.</summary>
static partial class AgentVersionVerbs
{
    static readonly Argument<string> Which = new("name") { Description = "Of the agent; with @3 or @canary a version." };
    static readonly Argument<string> AliasName = new("alias") { Description = "Such as live or canary." };
    static readonly Argument<string> Version = new("version") { Description = "Of the agent, or off to take the alias away." };
    static readonly Argument<string?> Percent = new("percent") { Description = "0 to 100, of new runs.", Arity = ArgumentArity.ZeroOrOne };
    static readonly Argument<string> Tried = new("version") { Description = "The version, or off to end the trial." };
    static readonly Argument<string> From = new("from") { Description = "A version, or a file to compare with the live version." };
    static readonly Argument<string?> To = new("to") { Description = "A version, or a file.", Arity = ArgumentArity.ZeroOrOne };

    public static IReadOnlyList<Command> Create(Verb verb) =>
    [
        verb.Does(new("show", "Shows a definition as YAML, which push takes.") { Which }, Show),
        verb.Does(new("versions", "Lists versions, and what became of their runs.") { AgentsVerb.Name }, Versions),
        verb.Does(new("diff", "Shows how two versions, or a file and a version, differ.") { AgentsVerb.Name, From, To }, Diff),
        verb.Does(new("alias", "Lets an alias stand for a version.") { AgentsVerb.Name, AliasName, Version, AgentsVerb.Tenant }, SetAlias),
        verb.Does(new("trial", "Gives a version to a share of new runs.") { AgentsVerb.Name, Tried, Percent, AgentsVerb.Tenant }, Trial),
        verb.Does(new("rollback", "Takes the last version, or the trial, back at once.") { AgentsVerb.Name, AgentsVerb.Tenant }, RollBack),
    ];

    static async Task<int> Show(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var (name, version) = await Find(server, call.Parsed.GetValue(Which)!, ct);
        if (call.IsJson) call.Screen.Json(await server.Api.Get(PathOf(name, version), ct));
        else call.Screen.Output.Write(Screen.Clean(await server.Api.GetText(PathOf(name, version), DefinitionFormat.Yaml, ct)));
        return ExitCodes.Ok;
    }

    /// <summary>The version that a name stands for, such as <c>triage</c>, <c>triage@canary</c> or <c>triage@3</c>.</summary>
    static async Task<(string Name, int Version)> Find(ServerConnection server, string which, CancellationToken ct)
    {
        var (name, alias, version) = AgentName.Parse(which);
        if (version is { } number) return (name, number);

        var agent = (await server.Api.Get($"agents/{Uri.EscapeDataString(name)}", ct)).As<ListedAgent>();
        if (alias is null or AgentName.Live) return (name, agent.Version);
        return agent.Aliases.TryGetValue(alias, out var aliased)
            ? (name, aliased)
            : throw new VerbException(ExitCodes.NothingFound, $"{name} has no alias {alias}. See: agents agents versions {name}");
    }

    static string PathOf(string name, int version) =>
        $"agents/{Uri.EscapeDataString(name)}/versions/{version.ToString(CultureInfo.InvariantCulture)}";

    static async Task<int> Versions(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var answer = await server.Api.Get($"agents/{Uri.EscapeDataString(call.Parsed.GetValue(AgentsVerb.Name)!)}/versions", ct);
        if (call.IsJson) call.Screen.Json(answer);
        else if (answer.As<Page<AgentVersionView>>().Items is { Count: > 0 } versions)
            Table.Print(
                call.Screen, [">version", "aliases", "-pushed", "-by", ">runs", ">completed", ">failed", "->parked", "$cost", "->p50", "->p95", "*comment"],
                [.. versions.Select(RowOf)]);
        else call.Inform("It is part of the program, and no version was pushed.");
        return ExitCodes.Ok;
    }

    static string[] RowOf(AgentVersionView version)
    {
        var (outcome, aliases) = (version.Outcome, version.Aliases.ToList());
        if (version.TrialPercent is { } percent) aliases.Add($"trial {Share(percent)}");
        if (version.ForAll) aliases.Add("(all tenants)");
        return
        [
            Formats.Number(version.Version), string.Join(' ', aliases), version.PushedAt is { } at ? Formats.Time(at) : "", version.By ?? "",
            Formats.Number(outcome.Runs), Formats.Number(outcome.Completed), Formats.Number(outcome.Failed), Formats.Number(outcome.Parked),
            outcome.CostUsd is { } cost ? Formats.ShortCost(cost, (int)outcome.UnpricedCalls, null) : "", Seconds(outcome.P50Seconds),
            Seconds(outcome.P95Seconds),
            version.Comment ?? "",
        ];
    }

    static string Seconds(double? seconds) => seconds is { } known ? Formats.Duration(TimeSpan.FromSeconds(known)) : "";

    internal static string Share(decimal percent) => $"{percent.ToString("0.####", CultureInfo.InvariantCulture)} %";

    static async Task<int> Diff(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var (name, from, to) = (call.Parsed.GetValue(AgentsVerb.Name)!, call.Parsed.GetValue(From)!, call.Parsed.GetValue(To));
        var (before, after) = to is null
            ? (await Text(server, name, null, ct), await Text(server, name, from, ct))
            : (await Text(server, name, from, ct), await Text(server, name, to, ct));
        var areNumbered = before.IsNumbered && after.IsNumbered;
        var lines = LineDifference.Of(Shown(before.Yaml), Shown(after.Yaml), before.Title, after.Title);
        if (call.IsJson) call.Screen.Json(JsonSerializer.SerializeToElement(new { Lines = lines }, Answers.Format));
        else if (lines.Count == 0) call.Inform("They are the same.");
        else
            foreach (var line in lines) call.Screen.Line(Coloured(line));
        return ExitCodes.Ok;

        string Shown(string yaml) => areNumbered ? yaml : VersionLine().Replace(yaml, "", 1); // a push will number the other
    }

    [GeneratedRegex(@"(?m)^version: [0-9]+\n")]
    private static partial Regex VersionLine();

    static string Coloured(string line) => line.Length == 0 ? "" : line[0] switch
    {
        '+' => $"[green]{Screen.Safe(line)}[/]",
        '-' => $"[red]{Screen.Safe(line)}[/]",
        '@' => $"[grey]{Screen.Safe(line)}[/]",
        _ => Screen.Safe(line),
    };

    /// <param name="which">A version, an alias or a file. Null means the live version.</param>
    static async Task<(string Title, string Yaml, bool IsNumbered)> Text(ServerConnection server, string name, string? which, CancellationToken ct)
    {
        if (which is not null && !IsVersion(which) && (File.Exists(which) || which.Contains('.')))
        {
            var file = await AgentText.Read(which, ct);
            return (which, DefinitionWriter.Yaml(file.Agent), file.HasVersion);
        }

        var (_, version) = await Find(server, which is null ? name : $"{name}@{which}", ct);
        return ($"{name}@{version}", await server.Api.GetText(PathOf(name, version), DefinitionFormat.Yaml, ct), true);

        static bool IsVersion(string which) => which.All(char.IsAsciiDigit);
    }

    static async Task<int> SetAlias(Call call, CancellationToken ct)
    {
        var (alias, wanted) = (call.Parsed.GetValue(AliasName)!, call.Parsed.GetValue(Version)!);
        var path = Changing(call, $"aliases/{Uri.EscapeDataString(alias)}");
        if (!int.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out var version) && wanted != "off")
            throw new VerbException(ExitCodes.Usage, $"'{wanted}' is no version. Name one, such as 2; or off to take the alias away.");

        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        if (wanted == "off")
        {
            await server.Api.Delete(path, ct);
            if (!call.IsJson) call.Screen.Line($"{Screen.Safe(alias)} of {Screen.Safe(call.Parsed.GetValue(AgentsVerb.Name))} is taken away.");
            return ExitCodes.Ok;
        }

        var answer = await server.Api.Put(path, new SetAliasRequest(version), ct);
        if (call.IsJson) call.Screen.Json(answer);
        else call.Screen.Line($"{Screen.Safe(alias)} stands for version {version} of {Screen.Safe(call.Parsed.GetValue(AgentsVerb.Name))}.");
        return ExitCodes.Ok;
    }

    static async Task<int> Trial(Call call, CancellationToken ct)
    {
        var (name, tried, share) = (call.Parsed.GetValue(AgentsVerb.Name)!, call.Parsed.GetValue(Tried)!, call.Parsed.GetValue(Percent));
        if (tried != "off" && !(int.TryParse(tried, NumberStyles.None, CultureInfo.InvariantCulture, out _) && share is not null))
            throw new VerbException(
                ExitCodes.Usage, $"Say the version and its share, as in: agents agents trial {name} 2 20. Or: agents agents trial {name} off");
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        if (tried == "off")
        {
            await server.Api.Delete(Changing(call, "trial"), ct);
            if (!call.IsJson) call.Screen.Line($"The trial of {Screen.Safe(name)} has ended.");
            return ExitCodes.Ok;
        }

        if (!decimal.TryParse(share!.TrimEnd('%', ' '), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent))
            throw new VerbException(ExitCodes.Usage, $"A share is from 0 to 100; \"{share}\" is none.");
        var version = int.Parse(tried, CultureInfo.InvariantCulture);
        var answer = await server.Api.Put(Changing(call, "trial"), new SetTrialRequest(version, percent), ct);
        if (call.IsJson) call.Screen.Json(answer);
        else call.Screen.Line($"{Share(percent)} of the new runs of {Screen.Safe(name)} get version {version}.");
        return ExitCodes.Ok;
    }

    static async Task<int> RollBack(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var answer = await server.Api.Post(Changing(call, "rollback"), new { }, ct);
        if (call.IsJson)
        {
            call.Screen.Json(answer);
            return ExitCodes.Ok;
        }

        var done = answer.As<RolledBackAgent>();
        call.Screen.Line(done switch
        {
            { TrialEnded: true } => $"The trial of version {done.From} has ended.",
            { To: { } to } => $"Version {to} of {Screen.Safe(done.Name)} is live again.",
            _ => $"Version {done.From} of {Screen.Safe(done.Name)} is no longer live; the agent below it is.",
        });
        return ExitCodes.Ok;
    }

    static string Changing(Call call, string what) =>
        $"agents/{Uri.EscapeDataString(call.Parsed.GetValue(AgentsVerb.Name)!)}/{what}"
        + (call.Parsed.GetValue(AgentsVerb.Tenant) ? "?scope=tenant" : "");
}
