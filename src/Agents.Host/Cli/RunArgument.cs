using System.CommandLine;

namespace Agents.Host.Cli;

/// <summary>The run a verb is about.</summary>
static class RunArgument
{
    public static readonly Argument<string> Id = new("id")
    {
        Description = "The run's id, at least 4 characters of its beginning or end, or last.",
        Validators =
        {
            said =>
            {
                if (said.Tokens is [var id] && RunIds.Problem(id.Value) is { } problem) said.AddError(problem);
            },
        },
    };

    public static Task<Guid> Run(this Call call, Api api, CancellationToken ct) => api.Find(call.Said.GetValue(Id)!, ct);
}
