using Agents.Host.Platform;

namespace Agents.Host.Catalog;

/// <summary>Settings of section <c>Agents</c>.</summary>
public sealed record AgentOptions
{
    static readonly TextSetting Folder = new("Agents:Directory", "none", "a folder");

    /// <summary>The same on the command line: <c>--agents DIR</c>.</summary>
    const string Option = "agents";

    public static IReadOnlyList<Setting> Settings => [Folder];

    /// <summary>The folder whose definitions are pushed for all tenants, whole. Null for none.</summary>
    public string? Directory { get; init; }

    /// <exception cref="StartRefusedException">There is no such folder.</exception>
    public static AgentOptions From(IConfiguration configuration)
    {
        var written = configuration[Option] is { Length: > 0 } named ? named : Folder.Read(configuration);
        if (written is null) return new();
        var folder = Path.GetFullPath(written);
        return System.IO.Directory.Exists(folder) ? new() { Directory = folder } : throw Folder.Refusal($"is '{folder}', which is no folder.");
    }
}
