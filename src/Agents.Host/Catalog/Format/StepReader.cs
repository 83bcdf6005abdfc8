using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Host.Catalog.Format;

/// <summary>Reads one step. Which kind it is, the member tells that only that kind has.</summary>
static class StepReader
{
    static readonly (string Member, string Kind)[] Kinds =
        [("instructions", "modelStep"), ("tool", "toolStep"), ("agent", "agentStep"), ("code", "codeStep"), ("wait", "waitStep")];

    /// <summary>Null when it is not said what the step does; that is noted.</summary>
    public static StepDefinition? Read(Members owner, SourceNode node, string path)
    {
        if (node is not SourceMap map)
        {
            owner.ObjectOf(node, path, "modelStep"); // notes it
            return null;
        }

        var kinds = Kinds.Where(kind => map.Members.Any(member => member.Name.Text == kind.Member)).ToList();
        if (kinds.Count != 1)
        {
            var any = owner.AnyOf(map, path, [.. Kinds.SelectMany(kind => DefinitionFormat.Members[kind.Kind]).Distinct()]);
            any.Wrong(kinds.Count == 0 ? "" : kinds[1].Member, "A step has one of instructions, tool, agent, code and wait.");
            return null;
        }

        var members = owner.ObjectOf(map, path, kinds[0].Kind)!;
        StepDefinition? step = kinds[0].Member switch
        {
            "instructions" => Model(members),
            "tool" => Tool(members),
            "agent" => Agent(members),
            "code" => Code(members),
            _ => Wait(members),
        };
        if (step is null) return null;
        return step with
        {
            When = members.Text("when"),
            Next = members.Text("next"),
            Else = members.Text("else"),
            Visits = members.Whole("visits"),
            CallTimeout = members.Duration("callTimeout"),
        };
    }

    static ModelStep Model(Members members) => new(
        members.RequiredText("name"), members.RequiredText("instructions"),
        members.List("tools", (tool, path) => Parts.Grant(members, tool, path)), members.Text("model"))
    {
        OutputSchema = members.Json("output"),
        Parameters = Parts.Parameters(members),
        Fallback = Parts.Fallback(members),
    };

    static ToolStep? Tool(Members members)
    {
        var (name, with, forEach) = (members.RequiredText("name"), With(members), ForEachOf(members));
        var needsApproval = members.Flag("approval") is true;
        if (!members.Has("tool")) members.RequiredText("tool");
        return members.Node("tool") is { } tool && Parts.Grant(members, tool, members.PathOf("tool")) is { } grant
            ? new(name, grant with { NeedsApproval = grant.NeedsApproval || needsApproval }, with) { ForEach = forEach }
            : null;
    }

    static ToolStep Code(Members members) =>
        new(members.RequiredText("name"), new(members.RequiredText("code"), members.Flag("approval") is true), With(members))
        {
            ForEach = ForEachOf(members),
        };

    /// <summary>A call of the tool that starts runs.</summary>
    static ToolStep Agent(Members members)
    {
        var (name, agent) = (members.RequiredText("name"), members.RequiredText("agent"));
        var question = members.Node("question") is { } node ? Parts.Argument(members, node, members.PathOf("question")) : null;
        return new(name, new(ChildOf.Tool, members.Flag("approval") is true, [agent]), new Dictionary<string, Argument>
        {
            [ChildArguments.Agent] = new Argument.Text(agent),
            [ChildArguments.Question] = question ?? new Argument.Question(),
        })
        {
            ForEach = ForEachOf(members),
        };
    }

    static WaitStep Wait(Members members)
    {
        var name = members.RequiredText("name");
        if (members.Node("wait") is not { } node)
        {
            members.Wrong("wait", "Say what is waited for: signal, for or until.");
            return new(name);
        }

        if (node is SourceScalar) return new(name, members.DurationOf(node, members.PathOf("wait")) ?? Noted);
        if (members.ObjectOf(node, members.PathOf("wait"), "wait") is not { } wait) return new(name, Noted);
        var until = wait.Node("until") is { } time ? Parts.Argument(wait, time, wait.PathOf("until")) : null;
        var step = new WaitStep(name, wait.Duration("for"), until, wait.Text("signal"));
        var saysSomething = wait.Has("for") || wait.Has("until") || wait.Has("signal");
        return saysSomething && step is { For: null, Until: null, Signal: null } ? step with { For = Noted } : step;
    }

    /// <summary>Stands for a time that could not be read, so that the author is not told as well that there is none.</summary>
    static readonly TimeSpan Noted = TimeSpan.FromTicks(1);

    static Dictionary<string, Argument> With(Members members)
    {
        var with = new Dictionary<string, Argument>(StringComparer.Ordinal);
        if (members.Node("with") is not { } node) return with;
        if (node is not SourceMap map)
        {
            members.ObjectOf(node, members.PathOf("with"), "argument"); // notes it
            return with;
        }

        foreach (var (name, value) in map.Members)
        {
            var path = $"{members.PathOf("with")}.{Members.Shown(name.Text)}";
            if (members.TextOf(name, path) is not { } argument) continue;
            if (with.ContainsKey(argument)) members.Note(name, path, $"The argument {Members.Shown(argument)} stands here twice.");
            else if (Parts.Argument(members, value, path) is { } from) with[argument] = from;
        }

        return with;
    }

    static ForEach? ForEachOf(Members members)
    {
        if (members.Object("forEach", "forEach") is not { } forEach) return null;
        if (forEach.Node("items") is not { } node)
        {
            forEach.Wrong("items", "The member items is missing: the list, such as { output: plan, path: queries }.");
            return null;
        }

        var (parallel, failures, most) = (forEach.Whole("parallel"), forEach.Whole("failures"), forEach.Whole("most"));
        var items = Parts.Argument(forEach, node, forEach.PathOf("items"));
        if (items is Argument.Output list)
        {
            var usual = new ForEach(list);
            return new(list, parallel ?? usual.Parallel, failures, most ?? usual.Most);
        }

        if (items is not null) forEach.Wrong("items", "The items come from the output of a step, such as { output: plan, path: queries }.");
        return null;
    }
}

/// <summary>The arguments of the tool that starts runs.</summary>
static class ChildArguments
{
    public const string Agent = "agent";
    public const string Question = "question";
}
