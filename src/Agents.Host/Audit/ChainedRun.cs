using Agents.Host.Engine.Evidence;

namespace Agents.Host.Audit;

/// <summary>The facts of a run as they are stored, and its hash chain.</summary>
sealed record ChainedRun(string Tenant, Guid Id)
{
    public List<ChainedFact> Facts { get; } = [];

    public List<ChainLink> Links { get; } = [];

    public override string ToString() => new StoredRun(Tenant, Id, 0).ToString();

    /// <summary>What is not as it was stored, with the versions it is about. The first such place of a run counts: all after it follows from it.</summary>
    public IEnumerable<string> Violations()
    {
        var (head, next) = (HashChain.Begin(Tenant, Id), 0);
        foreach (var link in Links)
        {
            var first = next == 0 ? 1 : Facts[next - 1].Version + 1;
            var facts = Facts.Skip(next).TakeWhile(fact => fact.Version <= link.Version).ToList();
            if (Missing(facts, first, link.Version) is { } missing)
            {
                yield return $"{this} has no version {missing} any more";
                yield break;
            }

            head = HashChain.Next(head, facts);
            if (!head.AsSpan().SequenceEqual(link.Hash))
            {
                yield return first == link.Version
                    ? $"{this} has a version {first} that is not what was stored"
                    : $"{this} has versions {first} to {link.Version} that are not what was stored";
                yield break;
            }

            next += facts.Count;
        }

        if (next < Facts.Count) yield return $"{this} has versions {Facts[next].Version} to {Facts[^1].Version}, which were put in without a chain";
    }

    static long? Missing(IReadOnlyList<ChainedFact> facts, long first, long last)
    {
        for (var version = first; version <= last; version++)
            if (facts.ElementAtOrDefault((int)(version - first)).Version != version) return version;
        return null;
    }
}

/// <param name="Version">Of the last fact that the hash covers.</param>
sealed record ChainLink(long Version, byte[] Hash);

/// <summary>A signed checkpoint over the heads of the chains that had grown.</summary>
/// <param name="Heads">A line for each: tenant, run, version, hash.</param>
sealed record SignedCheckpoint(long Number, DateTimeOffset At, long BeforeTx, string Heads, byte[] Hash, string KeyId, byte[] Signature)
{
    public IEnumerable<(string Tenant, Guid RunId, long Version, string Hash)> Covered() =>
        from line in Heads.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        let parts = line.Split(' ')
        let count = parts.Length
        where count >= 4 // a tenant's name may have spaces
        let version = long.TryParse(parts[count - 2], System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : -1
        let runId = Guid.TryParse(parts[count - 3], out var id) ? id : Guid.Empty
        select (string.Join(' ', parts[..(count - 3)]), runId, version, parts[count - 1]); // a line that was changed names no chain that there is

    /// <param name="before">The checkpoint before. Null for the first that is there.</param>
    /// <param name="keys">The public keys that may have signed, by their id.</param>
    public IEnumerable<string> Violations(SignedCheckpoint? before, IReadOnlyDictionary<string, byte[]> keys)
    {
        if (Number != (before?.Number ?? 0) + 1) yield return $"checkpoint {(before?.Number ?? 0) + 1} is missing";
        if (!HashChain.OfCheckpoint(before?.Hash, Number, At, BeforeTx, Heads).AsSpan().SequenceEqual(Hash))
            yield return $"checkpoint {Number} is not what was signed";
        else if (!keys.TryGetValue(KeyId, out var key)) yield return $"checkpoint {Number} is signed by the key {KeyId}, which is not known";
        else if (!SigningKey.IsSigned(key, Hash, Signature)) yield return $"the signature of checkpoint {Number} is not that of the key {KeyId}";
    }
}
