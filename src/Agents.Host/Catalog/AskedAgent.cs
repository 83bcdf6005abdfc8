using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Agents.Domain.Definitions;

namespace Agents.Host.Catalog;

/// <summary>What the name of an agent in a request stands for at this moment.</summary>
/// <param name="Problem">Why it stands for none, in a sentence. Null when it does.</param>
public sealed record AskedAgent(string? Problem)
{
    ChosenDefinition? chosen;
    IReadOnlyList<AgentTrial> trials = [];

    /// <summary>One definition for every run, which may not be stored yet.</summary>
    public static AskedAgent Of(AgentDefinition agent) => Of(new ChosenDefinition(agent, null), []);

    /// <param name="chosen">For the runs that no trial takes.</param>
    /// <param name="trials">The tenant's own before that of all.</param>
    internal static AskedAgent Of(ChosenDefinition chosen, IReadOnlyList<AgentTrial> trials) =>
        new(default(string)) { chosen = chosen, trials = trials };

    /// <summary>The definition that most runs get.</summary>
    /// <exception cref="InvalidOperationException">There is none; the problem says why.</exception>
    public AgentDefinition Agent => Chosen.Agent;

    /// <summary>Every definition that a run may get.</summary>
    /// <exception cref="InvalidOperationException">There is none; the problem says why.</exception>
    public IEnumerable<AgentDefinition> All => trials.Select(trial => trial.Chosen.Agent).Prepend(Agent);

    ChosenDefinition Chosen => chosen ?? throw new InvalidOperationException(Problem);

    /// <summary>The definition that a new run gets: always the same for one id.</summary>
    /// <exception cref="InvalidOperationException">There is none; the problem says why.</exception>
    public ChosenDefinition For(Guid runId) =>
        trials.FirstOrDefault(trial => ShareOf(runId, trial.Chosen.StoredHash!) < trial.Percent)?.Chosen ?? Chosen;

    /// <summary>
    /// A number from 0 to below 100, evenly spread over runs. The definition under trial is part of it, so that the next trial takes other runs.
    /// </summary>
    public static decimal ShareOf(Guid runId, string hash)
    {
        Span<byte> source = stackalloc byte[16 + 64];
        runId.TryWriteBytes(source, bigEndian: true, out _);
        var length = 16 + Encoding.ASCII.GetBytes(hash.AsSpan(0, Math.Min(hash.Length, 64)), source[16..]);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(source[..length], digest);
        return BinaryPrimitives.ReadUInt32BigEndian(digest) * 100m / (1L << 32);
    }
}

/// <param name="StoredHash">The hash that it is stored under. Null when it may not be stored yet.</param>
public sealed record ChosenDefinition(AgentDefinition Agent, string? StoredHash);

/// <summary>A stored definition that a share of new runs gets.</summary>
/// <param name="Percent">From 0 to 100.</param>
sealed record AgentTrial(ChosenDefinition Chosen, decimal Percent);
