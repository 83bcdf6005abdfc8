using Agents.Domain.Definitions;
using Agents.Host.Api.Catalog;
using Agents.Host.Catalog;
using Agents.Host.Catalog.Format;

namespace Agents.Host.Cli.Definitions;

/// <summary>A file with a definition that has no mistakes of its own.</summary>
/// <param name="HasVersion">Whether its author has numbered it.</param>
sealed record AgentText(string Path, byte[] Text, AgentDefinition Agent, bool HasVersion)
{
    public bool IsJson => IsJsonFile(Path);

    static bool IsJsonFile(string path) => System.IO.Path.GetExtension(path).Equals(".json", StringComparison.OrdinalIgnoreCase);

    /// <exception cref="VerbException">There is no such file, or it has mistakes: all are told.</exception>
    public static async Task<AgentText> Read(string path, CancellationToken ct)
    {
        var file = new FileInfo(path);
        if (!file.Exists) throw new VerbException(ExitCodes.Usage, $"There is no file {path}.");
        if (file.Length > SourceText.MostBytes) throw new VerbException(ExitCodes.Usage, $"{path} has more than {SourceText.MostBytes:N0} bytes.");

        var text = await File.ReadAllBytesAsync(path, ct);
        var read = DefinitionReader.Read(text, IsJsonFile(path));
        return read.Mistakes.Count == 0
            ? new(path, text, read.Agent!, read.HasVersion)
            : throw new VerbException(ExitCodes.Usage, string.Join('\n', read.Mistakes.Select(mistake => $"{path}, {mistake}")));
    }
}

/// <summary>What is shown of an agent in a list. Its limits are not: what it may cost may be hidden.</summary>
sealed record ListedAgent(
    string Name, int Version, AgentSource Source, IReadOnlyDictionary<string, int> Aliases, TrialView? Trial, IReadOnlyList<StepView> Steps,
    string Description);
