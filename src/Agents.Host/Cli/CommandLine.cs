using System.CommandLine;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Agents.Host.Cli.Database;
using Agents.Host.Cli.Display;
using Agents.Host.Knowledge.Reading;

namespace Agents.Host.Cli;

/// <summary>What the process is asked to do.</summary>
public static class CommandLine
{
    /// <summary>Does it. What is no verb is settings of a server: hosts of tests pass such.</summary>
    public static async Task<int> Run(string[] args)
    {
        if (args is [ReaderProgram.Verb]) return ReadDocuments();

        try
        {
            return GlobalOptions.FirstWord(args) switch
            {
                "-h" or "--help" or "-?" or "help" or "--version" => await Verb(args, Screen.OfProcess, []),
                null => await Serve(args),
                var word when word == args[0] && Maintenance.Verbs.ContainsKey(word) && !ProjectionsVerb.IsMeant(args) => await Maintain(args),
                "serve" when !args.Any(arg => arg is "-h" or "--help" or "-?") =>
                    await Serve([.. args.Where((arg, at) => at != Array.IndexOf(args, "serve"))]),
                var word when word.StartsWith('-') => await Serve(args),
                _ => await Verb(args, Screen.OfProcess, []),
            };
        }
        catch (Exception e) when (!Call.IsDebugging && e is not HostAbortedException)
        {
            var (exitCode, message) = Failures.Of(e);
            Screen.Plain(Console.Out, Console.Error).Error(message);
            return exitCode;
        }
    }

    /// <summary>Does it as if in a pipe, errors included: for tests.</summary>
    /// <param name="serverSettings">Arguments for a server that has to be started in this process.</param>
    public static async Task<int> Run(string[] args, TextWriter output, TextWriter errors, params string[] serverSettings)
    {
        try
        {
            return await Verb(args, _ => Screen.Plain(output, errors), serverSettings);
        }
        catch (Exception e) when (Failures.Of(e) is var failure)
        {
            Screen.Plain(output, errors).Error(failure.Message);
            return failure.ExitCode;
        }
    }

    /// <summary>A word that begins with <c>@</c> is no file with more words: a question may begin so, and a payload.</summary>
    static readonly ParserConfiguration AsTheyAre = new() { ResponseFileTokenReplacer = null };

    static async Task<int> Verb(string[] args, Func<bool, Screen> screen, IReadOnlyList<string> serverSettings)
    {
        var words = args is ["help", ..] ? [.. args[1..], "--help"] : args;
        var parsed = Verbs.Create(new Verb(screen, serverSettings)).Parse(words, AsTheyAre);
        if (parsed.Errors.Count > 0 && parsed.Action is not RootHelp) throw new VerbException(ExitCodes.Usage, Verbs.Problem(parsed));

        using var interrupted = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
        return await parsed.InvokeAsync(
            new() { Output = screen(false).Output, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, interrupted.Token);

        void Interrupt(PosixSignalContext signal)
        {
            signal.Cancel = !interrupted.IsCancellationRequested; // the second one ends the process at once
            interrupted.Cancel();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static int ReadDocuments() => ReaderProgram.Run();

    // Not inlined, so that a verb that only talks to a server does not load one.
    [MethodImpl(MethodImplOptions.NoInlining)]
    static Task<int> Serve(string[] args) => ServeVerb.Run(args);

    [MethodImpl(MethodImplOptions.NoInlining)]
    static Task<int> Maintain(string[] args) => Maintenance.Run(args);
}
