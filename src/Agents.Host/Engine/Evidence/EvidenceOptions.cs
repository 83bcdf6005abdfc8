using Agents.Host.Models;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Evidence;

/// <summary>Settings of section <c>Evidence</c>: who signs checkpoints over all facts, how often, and who witnesses them.</summary>
public sealed record EvidenceOptions
{
    static readonly TextSetting Secret = new("Evidence:Key", "none", "an Ed25519 key, 32 bytes in Base64; see `agents audit key`");
    static readonly TextSetting File = new("Evidence:KeyFile", "none", "a file with such a key");
    static readonly TimeSetting Interval =
        new("Evidence:CheckpointEvery", TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(1), TimeSpan.FromHours(12));
    static readonly TextSetting WitnessFile = new("Evidence:WitnessFile", "none", "a file, best on another machine, to which each checkpoint is added");

    public static IReadOnlyList<Setting> Settings => [Secret, File, Interval, WitnessFile];

    /// <summary>Signs checkpoints. Null when none is configured: facts are chained all the same.</summary>
    public SigningKey? Key { get; init; }

    /// <summary>From one checkpoint to the next, if there are new facts.</summary>
    public TimeSpan CheckpointEvery { get; init; } = Interval.Default;

    /// <summary>Each checkpoint is added here as a line: number, hash, key and signature. Null for none.</summary>
    public string? Witness { get; init; }

    /// <exception cref="StartRefusedException">A value is wrong; the message names the setting, never the key.</exception>
    public static EvidenceOptions From(IConfiguration configuration) => new()
    {
        Key = KeyOf(Secret.Read(configuration), File.Read(configuration)),
        CheckpointEvery = Interval.Read(configuration),
        Witness = WitnessFile.Read(configuration),
    };

    static SigningKey? KeyOf(string? written, string? file)
    {
        if (written is not null && file is not null) throw Secret.Refusal($"and {File.Key} are both set; one key signs.");
        if (written is not null) return SigningKey.Parse(written) ?? throw Secret.Refusal(
            "is no key: it has 32 bytes in Base64. Make one with: agents audit key FILE");
        if (file is null) return null;
        return SigningKey.Parse(KeyFile.Open(File, file).Current())
            ?? throw File.Refusal($"names {file}, which holds no such key. Make one with: agents audit key FILE");
    }
}
