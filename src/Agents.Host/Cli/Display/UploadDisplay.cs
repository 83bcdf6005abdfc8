using Agents.Host.Cli.Ask;
using Agents.Host.Knowledge;
using Spectre.Console;

namespace Agents.Host.Cli.Display;

/// <summary>An upload with a count on a terminal while it lasts.</summary>
static class UploadDisplay
{
    public static async Task<IngestResult> Send(Call call, Api api, string path, string? label, CancellationToken ct)
    {
        if (call.IsJson || !call.Screen.IsTerminal) return await DocumentUpload.Send(api, path, label, (_, _) => { }, ct);

        return await call.Screen.Terminal.Status().Spinner(Spinner.Known.Dots).StartAsync("Reading documents", status =>
            DocumentUpload.Send(
                api, path, label, (done, all) => status.Status = $"Reading documents: {Formats.Number(done)} of {Formats.Number(all)}", ct));
    }
}
