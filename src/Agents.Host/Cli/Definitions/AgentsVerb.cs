using System.CommandLine;
using System.Text.Json;
using Agents.Host.Api.Catalog;
using Agents.Host.Catalog;
using Agents.Host.Catalog.Format;
using Agents.Host.Cli.Display;
using Agents.Host.Http;

namespace Agents.Host.Cli.Definitions;

/// <summary>Agents as data: lists, checks and pushes definitions, and says which version new runs get.</summary>
static class AgentsVerb
{
    internal static readonly Argument<string> Name = new("name") { Description = "Of the agent." };
    static readonly Argument<string[]> Files = new("files") { Description = "Definitions in YAML or JSON.", Arity = ArgumentArity.OneOrMore };
    static readonly Option<string?> Alias = new("--alias") { Description = "What is to stand for it. live, when nothing is said.", HelpName = "A" };
    static readonly Option<bool> NoAlias = new("--no-alias") { Description = "Only stores it." };
    internal static readonly Option<bool> Tenant = new("--tenant") { Description = "For the key's own tenant, not for all." };
    static readonly Option<bool> DryRun = new("--dry-run") { Description = "Says what would be done, and what is wrong." };
    static readonly Option<string?> Comment = new("--comment") { Description = "Kept with the version.", HelpName = "TEXT" };

    public static Command Create(Verb verb)
    {
        var agents = verb.Lists(
            new("agents", "Lists, checks and pushes agents, and says which version new runs get."), List,
            verb.Does(
                new("push", "Stores definitions as new versions and makes them live.") { Files, Alias, NoAlias, Tenant, DryRun, Comment }, Push),
            verb.Does(new("schema", "Shows the JSON Schema of definitions, for editors."), Schema),
            verb.Does(new("check", "Checks definitions without a server: all but tools, models and agents.") { Files }, Check));
        var after = agents.Subcommands.Index().First(command => command.Item.Name == "push").Index + 1;
        foreach (var version in AgentVersionVerbs.Create(verb)) agents.Subcommands.Insert(after++, version);
        return agents;
    }

    static async Task<int> List(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var answer = await server.Api.Get("agents", ct);
        if (call.IsJson) call.Screen.Json(answer);
        else
            Table.Print(
                call.Screen, ["name", ">version", "-from", "-aliases", "-trial", "-steps", "*description"],
                [.. answer.As<Page<ListedAgent>>().Items.Select(RowOf)]);
        return ExitCodes.Ok;
    }

    static string[] RowOf(ListedAgent agent) =>
    [
        agent.Name, Formats.Number(agent.Version), SourceOf(agent.Source), string.Join(' ', agent.Aliases.Select(one => $"{one.Key}={one.Value}")),
        agent.Trial is { } trial ? $"{trial.Version} at {AgentVersionVerbs.Share(trial.Percent)}" : "",
        string.Join(' ', agent.Steps.Select(step => step.Name)),
        agent.Description,
    ];

    static string SourceOf(AgentSource source) => source switch
    {
        AgentSource.BuiltIn => "program",
        AgentSource.All => "all tenants",
        _ => "tenant",
    };

    static async Task<int> Push(Call call, CancellationToken ct)
    {
        var alias = call.Parsed.GetValue(NoAlias) ? AgentName.NoAlias : call.Parsed.GetValue(Alias);
        var files = new List<AgentText>();
        foreach (var path in call.Parsed.GetValue(Files)!) files.Add(await AgentText.Read(path, ct)); // all are right before one is sent
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        foreach (var file in files)
        {
            var query = new List<string>();
            if (alias is not null) query.Add($"alias={Uri.EscapeDataString(alias)}");
            if (call.Parsed.GetValue(DryRun)) query.Add("dryRun=true");
            if (call.Parsed.GetValue(Tenant)) query.Add("scope=tenant");
            if (call.Parsed.GetValue(Comment) is { } comment) query.Add($"comment={Uri.EscapeDataString(comment)}");
            try
            {
                Print(call, await server.Api.PutText(
                    $"agents/{Uri.EscapeDataString(file.Agent.Name)}{(query.Count > 0 ? "?" : "")}{string.Join('&', query)}", file.Text,
                    file.IsJson ? "application/json" : DefinitionFormat.Yaml, ct));
            }
            catch (VerbException e)
            {
                throw new VerbException(e.ExitCode, $"{file.Path}: {e.Message}", e);
            }
        }

        return ExitCodes.Ok;
    }

    static void Print(Call call, JsonElement answer)
    {
        if (call.IsJson)
        {
            call.Screen.JsonLine(answer);
            return;
        }

        var pushed = answer.As<PushedAgent>();
        var what = (pushed.IsNew, pushed.IsDryRun) switch
        {
            (true, true) => $"would be stored as version {pushed.Version}",
            (true, false) => $"is stored as version {pushed.Version}",
            _ => $"is version {pushed.Version} already",
        };
        var moved = (pushed.IsMoved, pushed.IsDryRun) switch
        {
            (true, true) => $", {pushed.Alias} would stand for it",
            (true, false) => $", {pushed.Alias} stands for it",
            _ => "",
        };
        call.Screen.Line($"{Screen.Safe(pushed.Name)} {what}{Screen.Safe(moved)}{(pushed.ForAll ? "" : ", for the tenant")}.");
    }

    static Task<int> Schema(Call call, CancellationToken ct)
    {
        call.Screen.Output.WriteLine(DefinitionFormat.Schema());
        return Task.FromResult(ExitCodes.Ok);
    }

    static async Task<int> Check(Call call, CancellationToken ct)
    {
        var checks = new List<(string Path, ReadDefinition Read)>();
        foreach (var path in call.Parsed.GetValue(Files)!) checks.Add((path, await AgentFiles.Read(path, Path.GetExtension(path), ct)));
        if (call.IsJson)
            call.Screen.Json(JsonSerializer.SerializeToElement(
                new { Files = checks.Select(check => new { check.Path, Errors = check.Read.Mistakes }) }, Answers.Format));
        else
            foreach (var (path, read) in checks)
            {
                if (read.Mistakes.Count == 0) call.Screen.Line(Screen.Safe($"{path}: {read.Agent!.Name} is right."));
                foreach (var mistake in read.Mistakes) call.Screen.Line(Screen.Safe($"{path}, {mistake}"));
            }

        return checks.TrueForAll(check => check.Read.Mistakes.Count == 0) ? ExitCodes.Ok : ExitCodes.Usage;
    }
}
