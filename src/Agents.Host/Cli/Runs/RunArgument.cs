using System.CommandLine;

namespace Agents.Host.Cli.Runs;

/// <summary>The run a verb is about.</summary>
static class RunArgument
{
    public static readonly Argument<string> Id = Named();

    /// <summary>The same where it may be left out.</summary>
    public static readonly Argument<string> MaybeId = Named(ArgumentArity.ZeroOrOne);

    static Argument<string> Named(ArgumentArity? arity = null) => new("id")
    {
        Description = "The run's id, at least 4 characters of its beginning or end, or last.",
        Arity = arity ?? ArgumentArity.ExactlyOne,
        Validators =
        {
            parsed =>
            {
                if (parsed.Tokens is [var id] && RunIds.Problem(id.Value) is { } problem) parsed.AddError(problem);
            },
        },
    };

    public static Task<Guid> Run(this Call call, Api api, CancellationToken ct) => api.Find(call.Parsed.GetValue(Id)!, ct);
}
