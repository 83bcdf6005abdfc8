using System.CommandLine;
using System.CommandLine.Help;
using System.Reflection;
using Agents.Host.Cli.Ask;
using Agents.Host.Cli.Database;
using Agents.Host.Cli.Definitions;
using Agents.Host.Cli.Demo;
using Agents.Host.Cli.Money;
using Agents.Host.Cli.Queue;
using Agents.Host.Cli.Runs;
using Agents.Host.Platform;

namespace Agents.Host.Cli;

/// <summary>All verbs, and the error message when none fits.</summary>
static class Verbs
{
    public static Command Create(Verb verb)
    {
        var help = new HelpOption();
        var version = new Option<bool>("--version") { Description = "Shows the version." };
        var agents = new Command(RootHelp.Name, "Runs retrieval agents durably on one PostgreSQL.")
        {
            AskVerb.Create(verb),
            BatchVerb.Create(verb),
            BatchesVerb.Create(verb),
            IngestVerb.Create(verb),
            SearchVerb.Create(verb),
            DocumentsVerb.Create(verb),
            RecallVerb.Create(verb),
            AgentsVerb.Create(verb),
            ToolsVerb.Create(verb),
            RunsVerb.Create(verb),
            ShowVerb.Create(verb),
            TailVerb.Create(verb),
            ThreadsVerb.Create(verb),
            ReplayVerb.Create(verb),
            DiffVerb.Create(verb),
            PromptVerb.Create(verb),
            WhatIfVerb.Create(verb),
            CompareVerb.Create(verb),
            WhyVerb.Create(verb),
            CostVerb.Create(verb),
            PricesVerb.Create(verb),
            BudgetVerb.Create(verb),
            RatesVerb.Create(verb),
            ScheduleVerb.Create(verb),
            FinanceVerb.Create(verb),
            ServeVerb.Create(),
            DemoVerb.Create(verb),
            KeysVerb.Create(verb),
            DbVerb.Create(verb),
            DeadLettersVerb.Create(verb),
            DoctorVerb.Create(verb),
            VerifyVerb.Create(verb),
            ProjectionsVerb.Create(verb),
            AuditVerb.Create(verb),
            GlobalOptions.Server, GlobalOptions.Key, GlobalOptions.Data, GlobalOptions.Json, GlobalOptions.NoColor, help, version,
        };
        var after = agents.Subcommands.Index().First(command => command.Item.Name == "replay").Index + 1;
        IEnumerable<Command> changes =
        [
            .. ChangeVerbs.Create(verb), ForkVerb.Create(verb), ApprovalsVerb.Create(verb), .. ApprovalVerbs.Create(verb), ResolveCallVerb.Create(verb),
            SignalVerb.Create(verb),
        ];
        foreach (var change in changes) agents.Subcommands.Insert(after++, change);
        agents.SetAction(parsed =>
        {
            parsed.InvocationConfiguration.Output.WriteLine($"agents {Version}");
            return ExitCodes.Ok;
        });
        after = agents.Subcommands.Index().First(command => command.Item.Name == "why").Index + 1;
        foreach (var queue in QueueVerbs.Create(verb)) agents.Subcommands.Insert(after++, queue);
        RootHelp.Use(help, agents);
        return agents;
    }

    static string Version => typeof(Verbs).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>What is wrong with the command line, and where to look.</summary>
    public static string Problem(ParseResult parsed)
    {
        var verb = parsed.CommandResult.Command;
        var isRoot = verb == parsed.RootCommandResult.Command;
        if (isRoot && parsed.UnmatchedTokens is [var word, ..])
        {
            var near = NearName.Of(word, verb.Subcommands.Select(command => command.Name).Concat(Maintenance.Verbs.Keys));
            return $"There is no verb '{word}'.{(near is null ? "" : $" Did you mean '{near}'?")} See: agents --help";
        }

        if (!isRoot && verb.Subcommands.Count > 0 && parsed.UnmatchedTokens is [var second, ..])
        {
            var shown = verb.Subcommands.Where(command => !command.Hidden).ToList();
            var near = NearName.Of(second, shown.SelectMany(command => command.Aliases.Prepend(command.Name)));
            return $"'{verb.Name}' does not know '{second}'.{(near is null ? "" : $" Did you mean '{near}'?")} It takes: "
                + $"{string.Join(", ", shown.Select(command => command.Name))}. See: agents {PathTo(parsed)} --help";
        }

        var missing = verb.Arguments.FirstOrDefault(argument =>
            argument.Arity.MinimumNumberOfValues > 0 && parsed.GetResult(argument) is null or { Tokens.Count: 0 });
        var problem = missing is not null ? $"'{verb.Name}' needs a {missing.Name}."
            : !isRoot
                && verb.Subcommands.Count > 0 ? $"'{verb.Name}' needs one of: {string.Join(", ", verb.Subcommands.Select(command => command.Name))}."
            : Wording.OfParser(parsed.Errors[0].Message);
        return $"{problem} See: agents {(isRoot ? "" : PathTo(parsed) + " ")}--help";
    }

    static string PathTo(ParseResult parsed) =>
        parsed.CommandResult.Parent is System.CommandLine.Parsing.CommandResult { Command: var parent } && parent != parsed.RootCommandResult.Command
        ? $"{parent.Name} {parsed.CommandResult.Command.Name}"
        : parsed.CommandResult.Command.Name;
}
