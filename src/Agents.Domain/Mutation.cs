#if MUTANTS
namespace Agents.Domain;

/// <summary>
/// Protections that are left out on request, so that the crash rig can prove that it misses each. Compiled only with <c>-p:Mutants=true</c>;
/// a shipped build does not have this class.
/// </summary>
public static class Mutation
{
    static readonly string? Left = Environment.GetEnvironmentVariable("AGENTS_MUTANT");

    /// <summary>Whether the process does without this protection.</summary>
    public static bool Without(string protection) => Left == protection;
}
#endif
