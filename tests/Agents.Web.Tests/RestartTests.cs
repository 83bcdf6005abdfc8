using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Agents.Host.Http;
using Agents.Host.Tests;

namespace Agents.Web.Tests;

/// <summary>The server is killed under an open page.</summary>
public sealed class RestartTests
{
    const string Slow =
        """
        name: slow
        steps:
          - { name: before, wait: 1s }
          - { name: middle, wait: 6s }
          - { name: after, wait: 1s }
          - { name: talk, instructions: Say something. }
        """;

    [Fact]
    public async Task An_open_run_page_goes_on_after_kill_9_without_a_reload_a_gap_or_a_double()
    {
        var (connection, port) = (await TestDatabase.CreatePrepared("restart"), FreePort());
        var address = new Uri($"http://127.0.0.1:{port}");
        using var client = new HttpClient { BaseAddress = address };
        client.DefaultRequestHeaders.Add(PageGuard.ClientHeader, "tests");
        var first = await Start(connection, address, client);
        try
        {
            using var definition = new StringContent(Slow, Encoding.UTF8, "application/yaml");
            using var pushed = await client.PutAsync(new Uri("/agents/slow", UriKind.Relative), definition);
            Assert.True(pushed.IsSuccessStatusCode, await pushed.Content.ReadAsStringAsync());
            using var asked = await client.PostAsJsonAsync("/runs", new { agent = "slow", question = "Will you be there again?" });
            var id = (await asked.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
            await using var sheet = await (await Sheet.Open(address)).Go($"#/runs/{id}");
            await sheet.Page.Locator(".bar-row", new() { HasText = "middle" }).WaitForAsync();
            await sheet.Page.EvaluateAsync("window.kept = 'the same page'");

            first.Kill(entireProcessTree: true);
            await first.WaitForExitAsync();
            await sheet.Sees("The server does not answer.");
            var second = await Start(connection, address, client);
            try
            {
                await sheet.Page.Locator(".head .status", new() { HasText = "completed" }).WaitForAsync(new() { Timeout = 60_000 });
                Assert.Equal("the same page", await sheet.Page.EvaluateAsync<string>("window.kept"));
                Assert.Equal(0, await sheet.Page.GetByText("The server does not answer.").CountAsync());

                var facts = (await client.GetFromJsonAsync<JsonElement>($"/runs/{id}/events")).GetProperty("items").EnumerateArray()
                    .Select(fact => fact.GetProperty("type").GetString()).ToList();
                await sheet.Page.Locator("#wind").FocusAsync();
                for (var version = facts.Count; version >= 1; version--)
                {
                    await sheet.Page.Locator(".wind code", new() { HasText = facts[version - 1] }).WaitForAsync();
                    Assert.Equal($"{version}", await sheet.Page.Locator("#wind").InputValueAsync());
                    if (version > 1) await sheet.Page.Keyboard.PressAsync("ArrowLeft");
                }
            }
            finally
            {
                second.Kill(entireProcessTree: true);
                second.Dispose();
            }
        }
        finally
        {
            if (!first.HasExited) first.Kill(entireProcessTree: true);
            first.Dispose();
        }
    }

    static async Task<Process> Start(string connection, Uri address, HttpClient client)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var part in new[] { Path.Combine(AppContext.BaseDirectory, "Agents.Host.dll"), "serve", "--urls", address.ToString() })
            start.ArgumentList.Add(part);
        start.Environment["ConnectionStrings__agents"] = connection;
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        for (var tries = 0; tries < 1200 && !process.HasExited; tries++)
        {
            try
            {
                using var ready = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));
                if (ready.IsSuccessStatusCode) return process;
            }
            catch (HttpRequestException)
            {
                // not listening yet
            }

            await Task.Delay(50);
        }

        throw new InvalidOperationException("The server did not start.");
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
