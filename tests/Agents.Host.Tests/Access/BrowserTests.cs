using System.Collections.Concurrent;
using System.Diagnostics;
using Agents.Host.Tests.Responses;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Agents.Host.Tests.Access;

/// <summary>A page of another site in a real browser, on the machine of a server that needs no key. Skipped where there is no Chromium.</summary>
public sealed class BrowserTests(LiveServer server)
{
    static readonly string[] Programs = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];

    static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Every way that a page has to send something unasked, to the server and, to show that it does, to where the page comes from.</summary>
    const string Page =
        """
        <!doctype html><title>evil</title><pre id="said"></pre>
        <form id="form" method="post" enctype="text/plain" target="frame">
          <input name='{"agent":"counter","question":"Did a form ask this?","x":"' value='"}'>
        </form>
        <iframe name="frame"></iframe>
        <script>
          const say = text => document.getElementById("said").textContent += text + "\n";
          const ask = how => JSON.stringify({ agent: "counter", question: `Did a ${how} ask this?` });
          const attempt = async (how, act) => { try { say(`${how}: ${await act()}`); } catch (refused) { say(`${how}: ${refused}`); } };
          (async () => {
            for (const to of ["SERVER", "HERE"]) {
              const post = async (path, body) => (await fetch(to + path, { method: "POST", mode: "no-cors", body })).type;
              await attempt("simple " + to, () => post("/runs", ask("simple page")));
              await attempt("blob " + to, () => post("/runs", new Blob([ask("blob")])));
              await attempt("beacon " + to, async () => navigator.sendBeacon(to + "/runs", ask("beacon")));
              await attempt("document " + to, () => post("/documents?source=evil.md", "# Evil"));
              await attempt("json " + to, async () => (await fetch(to + "/runs",
                { method: "POST", headers: { "content-type": "application/json" }, body: ask("json page") })).status);
              await attempt("header " + to, async () => (await fetch(to + "/runs",
                { method: "POST", headers: { "agents-client": "evil" }, body: ask("header") })).status);
              await attempt("read " + to, async () => (await fetch(to + "/runs")).text());
              const form = document.getElementById("form");
              form.action = to + "/runs";
              form.submit();
              await new Promise(done => setTimeout(done, 300));
            }
            say("done");
          })();
        </script>
        """;

    [Fact]
    public async Task A_page_of_another_site_changes_and_reads_nothing()
    {
        await using var site = await Site.Start(server.Client.BaseAddress!);

        var dom = await Open(site.Address);

        Assert.SkipWhen(dom is null, "Chromium is not installed.");
        Assert.Contains("done", dom, StringComparison.Ordinal);
        Assert.Contains(site.Posted, body => body.Contains("Did a simple page ask this?", StringComparison.Ordinal)); // it does what it says
        Assert.Contains(site.Posted, body => body.Contains("Did a form ask this?", StringComparison.Ordinal));
        foreach (var how in new[] { "simple page", "blob", "beacon", "json page", "header", "form" })
            Assert.Empty(await server.Runs($"Did a {how} ask this?"));
        Assert.DoesNotContain("\"items\"", dom, StringComparison.Ordinal);
        Assert.DoesNotContain("evil.md", await server.Client.GetStringAsync(new Uri("/documents", UriKind.Relative)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_was_made_to_lead_here_reads_nothing()
    {
        var port = server.Client.BaseAddress!.Port;

        var named = await Open($"http://evil.example:{port}/documents");
        var own = await Open($"http://localhost:{port}/documents");

        Assert.SkipWhen(named is null, "Chromium is not installed.");
        Assert.Contains("handbook.md", own, StringComparison.Ordinal); // the browser shows what it may
        Assert.Contains("Host refused", named, StringComparison.Ordinal);
        Assert.DoesNotContain("handbook.md", named, StringComparison.Ordinal);
    }

    /// <summary>The page as it is after its scripts. Null when there is no browser.</summary>
    static async Task<string?> Open(string address)
    {
        var profile = Directory.CreateTempSubdirectory("agents-browser-").FullName;
        try
        {
            foreach (var program in Programs)
            {
                if (await Output(program, ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                    $"--user-data-dir={profile}", "--host-resolver-rules=MAP evil.example 127.0.0.1", "--timeout=15000",
                    "--virtual-time-budget=15000", "--dump-dom", address]) is { } dom) return dom;
            }

            return null;
        }
        finally
        {
            Directory.Delete(profile, recursive: true);
        }
    }

    /// <summary>Null when there is no such program.</summary>
    static async Task<string?> Output(string program, string[] arguments)
    {
        using var process = new Process { StartInfo = new(program) { RedirectStandardOutput = true, RedirectStandardError = true } };
        foreach (var argument in arguments) process.StartInfo.ArgumentList.Add(argument);
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }

        using var patience = new CancellationTokenSource(Patience);
        try
        {
            var errors = process.StandardError.ReadToEndAsync(patience.Token);
            var output = await process.StandardOutput.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return process.ExitCode == 0 ? output : $"{output}\n{await errors}";
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>The other site: serves the page, and takes what is posted to it.</summary>
    sealed class Site(WebApplication app, ConcurrentQueue<string> posted) : IAsyncDisposable
    {
        public string Address => app.Urls.Single();

        public IReadOnlyCollection<string> Posted => posted;

        public static async Task<Site> Start(Uri server)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            var (app, posted) = (builder.Build(), new ConcurrentQueue<string>());
            app.Run(async http =>
            {
                if (!HttpMethods.IsGet(http.Request.Method))
                {
                    using var body = new StreamReader(http.Request.Body);
                    posted.Enqueue(await body.ReadToEndAsync());
                    return;
                }

                http.Response.ContentType = "text/html; charset=utf-8";
                await http.Response.WriteAsync(http.Request.Path == "/"
                    ? Page.Replace("SERVER", server.OriginalString.TrimEnd('/'), StringComparison.Ordinal)
                        .Replace("HERE", app.Urls.Single(), StringComparison.Ordinal)
                    : "nothing");
            });
            await app.StartAsync();
            return new(app, posted);
        }

        public async ValueTask DisposeAsync() => await app.DisposeAsync();
    }
}
