using Agents.Host.Engine.Money;
using Agents.Host.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Costs;

/// <summary>
/// Takes in a provider's usage export (CSV). Calls of unknown outcome that it names by their request id are resolved; the same file again changes
/// nothing.
/// </summary>
public static class ImportUsageEndpoint
{
    const long MostBytes = 32 * 1024 * 1024;

    [WolverinePost("/finance/usage"), Requires(Permissions.ManageMoney), ReadsBodyItself, TakesBody(null, TakesBodyAttribute.Csv)]
    [ProducesResponseType<UsageImport>(200), ProducesResponseType<ProblemDetails>(400)]
    public static async Task<IResult> Post(UsageImporter importer, HttpContext http, CancellationToken ct)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } bound) bound.MaxRequestBodySize = MostBytes;
        using var body = new StreamReader(http.Request.Body);
        var export = UsageExport.Read(await body.ReadToEndAsync(ct));
        return export.Problems.Count > 0
            ? Refusals.Malformed("Bad usage export", "Nothing was imported. " + string.Join(" ", export.Problems)).Answer()
            : Results.Ok(await importer.Import(Caller.Of(http), export.Rows, ct));
    }
}
