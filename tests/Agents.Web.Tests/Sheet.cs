using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Agents.Web.Tests;

/// <summary>A page in the system's Chromium, and all that it complained of.</summary>
public sealed class Sheet : IAsyncDisposable
{
    static readonly string[] Programs =
        ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome-stable", "/usr/bin/google-chrome", "/snap/bin/chromium"];

    static readonly Lazy<Task<IBrowser?>> Browser = new(Launch);

    readonly IBrowserContext context;

    Sheet(IBrowserContext context, IPage page, Uri server) => (this.context, Page, Server) = (context, page, server);

    public IPage Page { get; }

    Uri Server { get; }

    /// <summary>Errors of the console and of scripts, and reports of the content security policy.</summary>
    public ConcurrentQueue<string> Complaints { get; } = new();

    public ConcurrentQueue<IResponse> Responses { get; } = new();

    /// <summary>Opens an empty page, or skips the test where there is no browser.</summary>
    public static async Task<Sheet> Open(Uri server, int width = 1280, int height = 900, ColorScheme scheme = ColorScheme.Light)
    {
        var browser = await Browser.Value;
        Assert.SkipWhen(browser is null, "Chromium is not installed.");
        var context = await browser!.NewContextAsync(new() { ViewportSize = new() { Width = width, Height = height }, ColorScheme = scheme });
        var sheet = new Sheet(context, await context.NewPageAsync(), server);
        sheet.Page.SetDefaultTimeout(20_000);
        sheet.Page.Console += (_, said) => { if (said.Type == "error") sheet.Complaints.Enqueue(said.Text); };
        sheet.Page.PageError += (_, error) => sheet.Complaints.Enqueue(error);
        sheet.Page.Dialog += async (_, dialog) => { sheet.Complaints.Enqueue($"dialog {dialog.Message}"); await dialog.DismissAsync(); };
        sheet.Page.Response += (_, response) => sheet.Responses.Enqueue(response);
        sheet.Page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(server.ToString(), StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal))
                sheet.Complaints.Enqueue($"asks another host: {request.Url}");
        };
        await sheet.Page.AddInitScriptAsync(
            "addEventListener('securitypolicyviolation', report => console.error('policy', report.violatedDirective, report.blockedURI))");
        return sheet;
    }

    /// <summary>Goes to an address of the pages, such as <c>#/runs</c>, as if it were typed into a new window.</summary>
    public async Task<Sheet> Go(string address)
    {
        await Page.GotoAsync("about:blank");
        await Page.GotoAsync(new Uri(Server, address).ToString());
        return this;
    }

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    /// <summary>Waits until a text is seen.</summary>
    public Task Sees(string text) => Page.GetByText(text).First.WaitForAsync();

    public void IsCalm() => Assert.Empty(Complaints);

    static async Task<IBrowser?> Launch()
    {
        if (Programs.FirstOrDefault(File.Exists) is not { } program) return null;

        var playwright = await Playwright.CreateAsync();
        return await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = program, Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
        });
    }

    public async ValueTask DisposeAsync() => await context.DisposeAsync();
}
