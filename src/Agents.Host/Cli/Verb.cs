using System.CommandLine;
using Agents.Host.Cli.Display;

namespace Agents.Host.Cli;

/// <summary>Makes a command of what a verb does.</summary>
/// <param name="screen">Where verbs write, by whether colours are wanted.</param>
/// <param name="serverSettings">Arguments for a server that has to be started in this process.</param>
sealed class Verb(Func<bool, Screen> screen, IReadOnlyList<string> serverSettings)
{
    public Command Does(Command command, Func<Call, CancellationToken, Task<int>> act)
    {
        command.SetAction((parsed, ct) => act(new(parsed, screen(!parsed.GetValue(GlobalOptions.NoColor)), serverSettings), ct));
        return command;
    }
}
