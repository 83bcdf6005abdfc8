using System.CommandLine;
using System.Text.Json;
using Agents.Host.Cli.Display;

namespace Agents.Host.Cli.Database;

/// <summary>Checks what the server needs, and says what to do about what is missing.</summary>
static class DoctorVerb
{
    public static Command Create(Verb verb) => verb.Does(new("doctor", "Checks .NET, PostgreSQL, disk, clock, model and server."), Run);

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        var checks = new List<Check>();
        await foreach (var check in Checks.All(call, ct))
        {
            checks.Add(check);
            if (!call.IsJson) Print(call.Screen, check);
        }

        if (call.IsJson) call.Screen.Json(JsonSerializer.SerializeToElement(new { Items = checks, Next = (string?)null }, Answers.Format));
        return checks.Any(check => check.Result == CheckResult.Fail) ? ExitCodes.Failed : ExitCodes.Ok;
    }

    static void Print(Screen screen, Check check)
    {
        var colour = check.Result switch { CheckResult.Ok => "green", CheckResult.Warn => "yellow", _ => "red" };
        screen.Line($"[{colour}]{check.Result.ToString().ToLowerInvariant(),-4}[/]  {check.Name,-14}  {Screen.Safe(check.Says)}");
    }
}

/// <summary>Ok; works, but not as well as it could; or does not work.</summary>
public enum CheckResult { Ok, Warn, Fail }

/// <param name="Says">What was found, and what to do when it is not right.</param>
public sealed record Check(string Name, CheckResult Result, string Says);
