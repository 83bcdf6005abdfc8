using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Agents.Host.Cli.Database;

namespace Agents.Host.Cli;

/// <summary>What <c>agents --help</c> shows: how to begin, the verbs, maintenance, exit codes. A verb's own help is System.CommandLine's.</summary>
sealed class RootHelp(SynchronousCommandLineAction ofVerbs, Command root) : SynchronousCommandLineAction
{
    const int FirstColumn = 24;

    /// <summary>What the parser calls the program. It takes no verb that has the name of the program, and there is one: <c>agents agents</c>.</summary>
    public const string Name = "agents-program";

    public static void Use(HelpOption help, Command root) => help.Action = new RootHelp((HelpAction)help.Action!, root);

    public override int Invoke(ParseResult parseResult)
    {
        if (parseResult.CommandResult.Command != root) return OfVerb(parseResult);

        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine(
            """
            Agents: retrieval agents that run durably on one PostgreSQL.

              agents ask "How do I resume a parked run?"            answers from the product's own documents
              agents ask "Who approves travel?" --docs ./handbook   answers from yours
              agents serve                                          runs the server and its API
            """);
        Section(output, "Verbs", root.Subcommands.Select(verb => (Usage(verb), verb.Description)));
        Section(output, "Options of every verb", root.Options.Where(option => !option.Hidden).Select(option => (Usage(option), option.Description)));
        Section(output, "Maintenance", Maintenance.Verbs.Select(verb => (verb.Key, (string?)verb.Value)));
        Section(output, "Exit codes", ExitCodes.All.Select(code => ($"{code.Code}", (string?)code.Meaning)));
        output.WriteLine("\nMore about a verb: agents VERB --help");
        return ExitCodes.Ok;
    }

    /// <summary>With the name by which people call the program.</summary>
    int OfVerb(ParseResult parseResult)
    {
        var (output, help) = (parseResult.InvocationConfiguration.Output, new StringWriter());
        parseResult.InvocationConfiguration.Output = help;
        var exitCode = ofVerbs.Invoke(parseResult);
        output.Write(help.ToString().Replace(Name, "agents", StringComparison.Ordinal));
        return exitCode;
    }

    static void Section(TextWriter output, string title, IEnumerable<(string First, string? Second)> rows)
    {
        output.WriteLine($"\n{title}:");
        foreach (var (first, second) in rows) output.WriteLine($"  {first.PadRight(FirstColumn)} {second}");
    }

    static string Usage(Command verb) => string.Join(' ', verb.Arguments.Select(argument => argument.Name.ToUpperInvariant()).Prepend(verb.Name));

    static string Usage(Option option) => option.HelpName is null ? option.Name : $"{option.Name} {option.HelpName}";
}
