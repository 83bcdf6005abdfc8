using System.CommandLine;

namespace Agents.Host.Cli;

/// <summary>What finance does with the spending of models.</summary>
static class FinanceVerb
{
    public static Command Create(Verb verb)
    {
        var finance = new Command("finance", "Settles unconfirmed spend and holds bills against the facts.");
        foreach (var command in FinanceSpend.Create(verb)) finance.Subcommands.Add(command);
        return finance;
    }
}
