using Agents.Domain.Definitions;
using Agents.Host.Catalog.Format;
using Agents.Host.Platform;

namespace Agents.Host.Catalog;

/// <summary>Something is wrong in the files of a folder. The message names file, line and reason.</summary>
public sealed class BadAgentFileException(string message) : Exception(message);

/// <summary>The definitions in a folder: files that end with .yaml, .yml or .json, not in folders below it.</summary>
public static class AgentFiles
{
    /// <summary>The most files of a folder.</summary>
    const int Most = 1000;

    static readonly string[] Endings = [".yaml", ".yml", ".json"];

    /// <summary>By name.</summary>
    public static IReadOnlyList<string> In(string folder) =>
    [
        .. Directory.EnumerateFiles(folder).Where(file => Endings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
            .Where(file => !Path.GetFileName(file).StartsWith('.')).Order(StringComparer.Ordinal).Take(Most + 1),
    ];

    /// <summary>What tells that a file was changed, without reading any.</summary>
    public static string StampOf(string folder) => string.Join(
        '\n', In(folder).Select(file => new FileInfo(file) is { Exists: true } info ? $"{file} {info.Length} {info.LastWriteTimeUtc.Ticks}" : file));

    /// <summary>All of them, without mistakes of their own; what only the server can find is not looked for.</summary>
    /// <exception cref="BadAgentFileException">One has a mistake, or two have one name.</exception>
    public static async Task<IReadOnlyList<AgentFile>> Read(string folder, CancellationToken ct)
    {
        var paths = In(folder);
        if (paths.Count > Most) throw new BadAgentFileException($"{folder} has more than {Most:N0} definitions.");

        var files = new List<AgentFile>();
        foreach (var path in paths)
        {
            var file = new AgentFile(path, await Read(path, Path.GetExtension(path), ct));
            if (file.Definition.Mistakes is [var mistake, ..]) throw Bad(path, mistake);
            if (files.Find(other => other.Agent.Name == file.Agent.Name) is { } twin)
                throw new BadAgentFileException($"{path} and {twin.Path} both name the agent {file.Agent.Name}.");
            files.Add(file);
        }

        return files;
    }

    public static BadAgentFileException Bad(string path, Mistake mistake) => new($"{path}, {mistake}");

    /// <summary>The mistakes of a file are in what is read.</summary>
    /// <param name="ending">Of the file's name, such as <c>.yaml</c>.</param>
    public static async Task<ReadDefinition> Read(string path, string ending, CancellationToken ct)
    {
        try
        {
            await using var file = RegularFile.Open(path);
            var text = new byte[(int)Math.Min(file.Length, SourceText.MostBytes) + 1]; // one more shows that it is too large
            var length = await file.ReadAtLeastAsync(text, text.Length, throwOnEndOfStream: false, ct);
            return DefinitionReader.Read(text.AsMemory(0, length), ending.Equals(".json", StringComparison.OrdinalIgnoreCase));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new(null, false, [new(1, 1, "", $"The file cannot be read: {e.Message}")]);
        }
    }
}

/// <summary>A file that has a definition without mistakes.</summary>
public sealed record AgentFile(string Path, ReadDefinition Definition)
{
    public AgentDefinition Agent => Definition.Agent!;
}
