using Agents.Host.Api.Runs;

namespace Agents.Host.Cli;

/// <summary>What the process tells the shell. A promise to scripts: add, never change.</summary>
public static class ExitCodes
{
    public const int Ok = 0;

    /// <summary>The run failed, or an error occurred that has no code of its own.</summary>
    public const int Failed = 1;

    /// <summary>The command line, or a setting, is not what the program takes.</summary>
    public const int Usage = 2;

    /// <summary>No such run, or nothing that matches.</summary>
    public const int NothingFound = 3;

    /// <summary>The run is parked, paused or cancelled.</summary>
    public const int Stopped = 4;

    /// <summary>The server or its database cannot be reached.</summary>
    public const int Unreachable = 5;

    /// <summary>The run is completed, but its answer is not whole: it reached the most tokens, or a content filter, or was given early.</summary>
    public const int Incomplete = 6;

    public const int Interrupted = 130;

    /// <summary>For <c>--help</c>, in order.</summary>
    public static readonly IReadOnlyList<(int Code, string Meaning)> All =
    [
        (Ok, "all went well"),
        (Failed, "the run failed, or an unexpected error"),
        (Usage, "the command line or a setting is wrong"),
        (NothingFound, "no such run, or nothing matches"),
        (Stopped, "the run is parked, paused or cancelled, or what was asked does not fit its state"),
        (Unreachable, "the server or its database cannot be reached, or the port is taken"),
        (Incomplete, "the run is completed, but its answer is cut off or was given early"),
        (Interrupted, "interrupted with Ctrl-C"),
    ];

    /// <summary>What a run that is followed no longer means for the shell, and whether its answer is whole.</summary>
    public static int Of(RunView run) => run is { Status: "completed", Incomplete: not null } ? Incomplete : Of(run.Status);

    /// <summary>What a run that is followed no longer means for the shell.</summary>
    public static int Of(string status) => status switch
    {
        "completed" => Ok,
        "parked" or "paused" or "cancelled" => Stopped,
        "failed" => Failed,
        _ => Ok,
    };

    /// <summary>What an answer of the server that is no success means for the shell.</summary>
    public static int Of(System.Net.HttpStatusCode status) => (int)status switch
    {
        404 => NothingFound,
        409 => Stopped,
        502 or 503 or 504 => Unreachable,
        >= 400 and < 500 => Usage,
        _ => Failed,
    };
}
