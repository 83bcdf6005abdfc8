using System.ComponentModel;
using Agents.Domain.Runs;
using Agents.Host.Knowledge;
using Agents.Host.Tools;

namespace Agents.Host.Samples;

/// <summary>
/// The search over the knowledge base. To write another tool, copy this file: a name that is never changed, what it needs in the constructor,
/// one public <c>Run</c> with descriptions for the model. A tool that returns passages is a retrieval, and its passages can be cited.
/// </summary>
[Tool("search_documents")]
public sealed class SearchDocuments(PassageIndex index, ToolContext context)
{
    /// <summary>Passages for one query; a tool step with several queries fuses them.</summary>
    const int Passages = 20;

    [Description("Finds the passages of the documents that are most relevant to a query, best first.")]
    public Task<IReadOnlyList<Passage>> Run(
        [Description("What to look for, in plain words or identifiers.")] string query,
        [Description("Only documents whose name begins with this, such as handbook/. Empty for all.")] string sources = "",
        CancellationToken ct = default) =>
        index.Search(context.Tenant, query, Passages, sources, ct);
}
