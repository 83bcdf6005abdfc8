using Agents.Host.Api.Runs;

namespace Agents.Host.Cli.Ask;

/// <summary>The names of a run's steps, those to come included.</summary>
static class StepNames
{
    /// <summary>By the version of the agent that the run has; empty when that cannot be had.</summary>
    public static async Task<IReadOnlyList<string>> Of(Api api, RunView run, CancellationToken ct)
    {
        try
        {
            var agent = await api.Get($"agents/{Uri.EscapeDataString(run.Agent)}/versions/{run.AgentVersion}", ct);
            return [.. agent.GetProperty("definition").GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("name").GetString()!)];
        }
        catch (VerbException e) when (e.ExitCode is ExitCodes.NothingFound)
        {
            return [];
        }
    }
}
