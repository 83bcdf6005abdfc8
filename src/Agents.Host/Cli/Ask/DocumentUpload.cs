using System.Collections.Concurrent;
using Agents.Host.Cli.Display;
using Agents.Host.Http;
using Agents.Host.Knowledge;

namespace Agents.Host.Cli.Ask;

/// <summary>Sends files to the knowledge base; the server reads only those that are new or have changed.</summary>
static class DocumentUpload
{
    const int AtOnce = 8;

    /// <summary>Skipped documents named in the summary.</summary>
    const int MostNamed = 3;

    /// <summary>A file, or every file below a folder.</summary>
    /// <param name="label">Stands before the labels; null for none.</param>
    public static async Task<IngestResult> Send(Api api, string path, string? label, Action<int, int> progress, CancellationToken ct)
    {
        var limits = new KnowledgeLimits();
        var files = new List<SourceFile>();
        foreach (var file in Files(path, limits))
        {
            ct.ThrowIfCancellationRequested(); // a folder may be large
            files.Add(file);
        }

        var results = new ConcurrentDictionary<int, IngestedDocument>();
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct };
        await Parallel.ForEachAsync(files.Index(), parallel, async (numbered, stop) =>
        {
            var (number, file) = numbered;
            results[number] = await Send(api, file with { Label = label + file.Label }, limits, stop);
            progress(results.Count, files.Count);
        });
        return new([.. results.OrderBy(result => result.Key).Select(result => result.Value)]);
    }

    /// <summary>Such as <c>Read 141 documents (140 new, 1 changed), 2 skipped: x.bin (binary, not text), y.md (empty).</c></summary>
    public static string Summary(IngestResult result)
    {
        var skipped = result.Documents.Where(document => document.Outcome == IngestOutcome.Skipped).ToList();
        var read = result.Documents.Count - skipped.Count;
        var summary = $"Read {Formats.Count(read, "document")} ({Formats.Number(result.Count(IngestOutcome.Added))} new, "
            + $"{Formats.Number(result.Count(IngestOutcome.NewVersion))} changed)";
        if (skipped.Count == 0) return summary;

        var named = string.Join(", ", skipped.Take(MostNamed).Select(document => $"{document.Source} ({document.Reason})"));
        return $"{summary}, {Formats.Number(skipped.Count)} skipped: {named}"
            + $"{(skipped.Count > MostNamed ? $" and {skipped.Count - MostNamed} more" : "")}";
    }

    static IEnumerable<SourceFile> Files(string path, KnowledgeLimits limits)
    {
        if (File.Exists(path) || SourceFile.IsDeadLink(path)) return [SourceFile.At(path)];
        if (Directory.Exists(path)) return SourceFile.Below(path, limits.FilesPerFolder);
        throw new VerbException(ExitCodes.Usage, $"There is no file or folder {path}.");
    }

    static async Task<IngestedDocument> Send(Api api, SourceFile file, KnowledgeLimits limits, CancellationToken ct)
    {
        var (content, refusal) = file.Open();
        if (content is null) return IngestedDocument.Skipped(file.Label, refusal);

        await using (content)
        {
            if (content.Length > limits.DocumentBytes)
                return IngestedDocument.Skipped(file.Label, $"larger than {Formats.Bytes(limits.DocumentBytes)}");

            var answer = await api.Upload($"documents?source={Uri.EscapeDataString(file.Label)}", content, ct);
            return answer.As<Page<IngestedDocument>>().Items[0];
        }
    }
}
