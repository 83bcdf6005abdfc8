using System.CommandLine;
using System.Text.Json;
using Agents.Host.Api.Catalog;
using Agents.Host.Cli.Display;
using Agents.Host.Http;
using Agents.Host.Platform;

namespace Agents.Host.Cli.Definitions;

/// <summary>Shows the tools that agents may call.</summary>
static class ToolsVerb
{
    static readonly Argument<string> Name = new("name") { Description = "Of the tool." };

    public static Command Create(Verb verb) => verb.Lists(
        new("tools", "Lists the tools of the server and the agents that may call them."), List,
        verb.Does(new("show", "Shows what a tool does and takes.") { Name }, Show));

    static async Task<int> List(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var answer = await server.Api.Get("tools", ct);
        if (call.IsJson) call.Screen.Json(answer);
        else Table.Print(
            call.Screen, ["name", "-kind", "may run twice", "-agents", "*description"],
            [.. answer.As<Page<ToolView>>().Items.Select(tool => new[]
            {
                tool.Name, KindOf(tool), tool.Repeatable ? "yes" : "no", string.Join(' ', tool.Agents), tool.Description,
            })]);
        return ExitCodes.Ok;
    }

    static async Task<int> Show(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var (all, name) = ((await server.Api.Get("tools", ct)).As<Page<ToolView>>().Items, call.Parsed.GetValue(Name)!);
        if (all.FirstOrDefault(one => one.Name == name) is not { } tool)
        {
            var near = NearName.Of(name, all.Select(one => one.Name));
            throw new VerbException(
                ExitCodes.NothingFound, $"There is no tool {name}.{(near is null ? "" : $" Did you mean {near}?")} See: agents tools");
        }

        if (call.IsJson)
        {
            call.Screen.Json(JsonSerializer.SerializeToElement(tool, Answers.Format));
            return ExitCodes.Ok;
        }

        call.Screen.Line($"[bold]{Screen.Safe(tool.Name)}[/]  {Screen.Safe(tool.Description)}");
        call.Screen.Line($"[grey]{KindOf(tool)} · {(tool.Repeatable ? "may run twice" : "must not run twice")} · "
            + $"{(tool.Agents.Count == 0 ? "no agent may call it" : $"for {Screen.Safe(string.Join(", ", tool.Agents))}")}[/]");
        call.Screen.Line();
        call.Screen.Json(tool.Parameters);
        return ExitCodes.Ok;
    }

    static string KindOf(ToolView tool) => tool.CodeStep ? "code step" : "tool";
}
