namespace Agents.Host.Cli.Display;

/// <summary>The marks before a line, as Spectre's markup. Each means one thing, wherever it stands.</summary>
static class Marks
{
    public const string Done = "[green]✓[/]";
    public const string Failed = "[red]✗[/]";

    /// <summary>A person paused the run.</summary>
    public const string Paused = "[yellow]‖[/]";

    /// <summary>The run is parked or cancelled.</summary>
    public const string Stopped = "[yellow]■[/]";

    /// <summary>It waits: for a person, a time, a slot, a budget.</summary>
    public const string Waiting = "[yellow]…[/]";

    /// <summary>A call of it may or may not have had its effect.</summary>
    public const string InDoubt = "[yellow]?[/]";

    /// <summary>It is being worked on.</summary>
    public const string UnderWay = "[yellow]▸[/]";

    /// <param name="status">Of a run; <c>waiting</c> of one that runs and waits for something.</param>
    public static string Of(string status) => status switch
    {
        "completed" => Done,
        "failed" => Failed,
        "paused" => Paused,
        "parked" or "cancelled" => Stopped,
        "queued" or "waiting" => Waiting,
        _ => UnderWay,
    };
}
