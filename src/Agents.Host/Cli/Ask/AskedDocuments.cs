using Agents.Host.Cli.Display;
using Agents.Host.Knowledge;

namespace Agents.Host.Cli.Ask;

/// <summary>What a question is answered from: the user's documents, or the product's own as long as there are no others.</summary>
static class AskedDocuments
{
    /// <summary>Stands before the names of our own documents.</summary>
    const string OwnLabel = "docs/";

    const int PageSize = 200;

    static string OwnFolder => Path.Combine(AppContext.BaseDirectory, "docs");

    /// <param name="named">File or folder to read. Null reads our own, unless there are others.</param>
    public static async Task Read(Call call, Api api, string? named, CancellationToken ct)
    {
        var known = (await api.Get($"documents?limit={PageSize}", ct)).As<DocumentPage>();
        if (named is null && (!Directory.Exists(OwnFolder) || known.Next is not null || known.Items.Any(document => !IsOwn(document)))) return;

        var result = await UploadDisplay.Send(call, api, named ?? OwnFolder, named is null ? OwnLabel : null, ct);
        if (named is not null || result.Count(IngestOutcome.Unchanged) < result.Documents.Count) call.Inform(DocumentUpload.Summary(result));
        if (named is not null)
            await Remove(api, known.Items.Where(IsOwn).ExceptBy(result.Documents.Select(document => document.Source), own => own.Source), ct);
    }

    /// <summary>Ours answer no question about the user's documents. They are read again when there are no others.</summary>
    static async Task Remove(Api api, IEnumerable<ListedDocument> own, CancellationToken ct)
    {
        foreach (var document in own) await api.Delete($"documents/{document.Id}", ct);
    }

    static bool IsOwn(ListedDocument document) =>
        document.Source.StartsWith(OwnLabel, StringComparison.Ordinal) && File.Exists(Path.Combine(OwnFolder, document.Source[OwnLabel.Length..]));
}
