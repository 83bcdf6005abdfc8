using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Host.Catalog.Format;

/// <summary>What agents and steps have in common.</summary>
static class Parts
{
    /// <summary>The member <c>parameters</c>. Null when nothing is said.</summary>
    public static ModelParameters? Parameters(Members owner) => owner.Object("parameters", "parameters") is not { } members
        ? null
        : new(
            members.Number("temperature"), members.Number("topP"), members.LongWhole("seed"), members.Word<ReasoningEffort>("reasoningEffort"),
            members.List("stop", members.TextOf), members.Flag("parallelToolCalls"), members.Flag("cacheBreakpoints"));

    /// <summary>The member <c>fallback</c>. Null when nothing is said.</summary>
    public static Fallback? Fallback(Members owner)
    {
        if (owner.Object("fallback", "fallback") is not { } members) return null;
        if (!members.Has("models")) members.Wrong("models", "The member models is missing: those that take over, in order.");
        return new(members.List("models", members.TextOf) ?? [], members.Whole("attempts") ?? 1, members.Words<FailureKind>("on"));
    }

    /// <summary>A tool's name, or an object with more about it.</summary>
    public static ToolGrant? Grant(Members owner, SourceNode node, string path)
    {
        if (node is SourceScalar) return owner.TextOf(node, path) is { } tool ? new(tool) : null;
        return owner.ObjectOf(node, path, "grant") is { } members
            ? new(members.RequiredText("tool"), members.Flag("approval") ?? false, members.List("agents", members.TextOf))
            : null;
    }

    /// <summary>A constant, or an object that says where the value comes from. Null when it does neither; that is noted.</summary>
    public static Argument? Argument(Members owner, SourceNode node, string path)
    {
        if (node is SourceScalar) return owner.TextOf(node, path) is { } constant ? new Argument.Text(constant) : null;
        if (owner.ObjectOf(node, path, "argument") is not { } members) return null;

        var from = members.Map.Members.Select(member => member.Name.Text).Where(name => name != "path" && members.Has(name)).ToList();
        if (from.Count != 1)
            return Wrong(from.LastOrDefault() ?? "", "A value comes from one of question, output, eachLine, label, text and item.");
        if (members.Has("path") && from[0] != "output") return Wrong("path", "Only what comes from an output has a path; of an item it is the item.");
        return from[0] switch
        {
            "question" => members.Flag("question") is true
                ? new Argument.Question() : Wrong("question", "Write question: true for the question of the run."),
            "output" => members.Text("output") is { } step ? new Argument.Output(step, members.Text("path")) : null,
            "eachLine" => members.Text("eachLine") is { } step ? new Argument.EachLine(step) : null,
            "label" => members.Text("label") is { } label ? new Argument.Label(label) : null,
            "text" => members.Text("text") is { } text ? new Argument.Text(text) : null,
            "item" when members.Node("item") is SourceScalar { Flag: true } => new Argument.Item(),
            "item" => members.Text("item") is { } part ? new Argument.Item(part) : null,
            _ => null, // unknown, which is noted already
        };

        Argument? Wrong(string member, string reason)
        {
            members.Wrong(member, reason);
            return null;
        }
    }
}
