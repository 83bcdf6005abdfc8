using System.CommandLine;

namespace Agents.Host.Cli;

/// <summary>Makes a command of a plural noun: alone it lists, with a word behind it, it does something with one of them.</summary>
static class Noun
{
    /// <param name="list">What it does alone; so does <c>list</c> behind it.</param>
    /// <param name="verbs">What may stand behind it.</param>
    public static Command Lists(this Verb verb, Command noun, Func<Call, CancellationToken, Task<int>> list, params Command[] verbs)
    {
        verb.Does(noun, list);
        var listed = verb.Does(new("list", noun.Description) { Hidden = true }, list);
        foreach (var option in noun.Options) listed.Options.Add(option);
        noun.Subcommands.Add(listed);
        foreach (var one in verbs) noun.Subcommands.Add(one);
        return noun;
    }

    /// <summary>Under another name, too.</summary>
    public static Command Also(this Command command, params string[] names)
    {
        foreach (var name in names) command.Aliases.Add(name);
        return command;
    }
}
