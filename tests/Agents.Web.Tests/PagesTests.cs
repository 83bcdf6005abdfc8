using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Agents.Web.Tests;

/// <summary>What holds of every page: it opens, it is small, everybody can use it.</summary>
public sealed class PagesTests(WebServer server)
{
    const int MostRequests = 10;
    const int MostBytes = 60 * 1024;

    public static readonly TheoryData<string, string> All = new()
    {
        { "#/ask", "Ask" }, { "#/runs", "Runs" }, { "#/runs/{run}", "What became of the printer?" }, { "#/costs", "Costs" }, { "#/queue", "Queue" },
        { "#/queue?tab=limits", "Queue" }, { "#/inbox", "Inbox" }, { "#/knowledge", "Knowledge" }, { "#/audit", "Audit" },
    };

    [Theory, MemberData(nameof(All))]
    public async Task It_opens_with_few_small_requests_and_without_a_complaint(string address, string heading)
    {
        var run = await Example();
        await using var sheet = await (await Sheet.Open(server.Address)).Go(address.Replace("{run}", run, StringComparison.Ordinal));

        await sheet.Page.GetByRole(AriaRole.Heading, new() { Name = heading, Level = 1 }).WaitForAsync();
        await sheet.Page.WaitForTimeoutAsync(600);

        sheet.IsCalm();
        var sizes = new List<int>();
        var first = sheet.Responses.DistinctBy(response => response.Url).ToList(); // what other tests' runs make a page ask again is no part of it
        foreach (var response in first.Where(response => response.Headers.GetValueOrDefault("content-type") != "text/event-stream"))
            sizes.Add((await response.Request.SizesAsync()).ResponseBodySize);
        Assert.InRange(first.Count, 6, MostRequests);
        Assert.InRange(sizes.Sum(), 10_000, MostBytes);
    }

    [Theory, MemberData(nameof(All))]
    public async Task Axe_finds_nothing_serious_in_light_and_dark_on_a_desk_and_on_a_phone(string address, string heading)
    {
        var run = await Example();
        if (address == "#/runs/{run}") address += "?v=3&pane=state";
        foreach (var (scheme, width) in new[] { (ColorScheme.Light, 1440), (ColorScheme.Dark, 1440), (ColorScheme.Dark, 390) })
        {
            await using var sheet = await Sheet.Open(server.Address, width, scheme: scheme);
            await sheet.Go(address.Replace("{run}", run, StringComparison.Ordinal));
            await sheet.Page.GetByRole(AriaRole.Heading, new() { Name = heading, Level = 1 }).WaitForAsync();
            await sheet.Page.WaitForTimeoutAsync(400);

            var found = await sheet.Page.RunAxe();

            Assert.Empty(found.Violations.Where(one => one.Impact is "serious" or "critical")
                .Select(one => $"{scheme} {width}: {one.Id}: {string.Join(", ", one.Nodes.Take(3).Select(node => node.Html))}"));
            Assert.True(
                await sheet.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), $"{address} is wider than {width}.");
        }
    }

    [Fact]
    public async Task All_of_it_is_reached_by_the_keyboard_alone()
    {
        var run = await Example();
        await using var sheet = await (await Sheet.Open(server.Address)).Go("#/runs");
        await sheet.Page.Locator("tbody tr").First.WaitForAsync();
        var keys = sheet.Page.Keyboard;

        await keys.PressAsync("/");
        await keys.TypeAsync("became of the PRINTER");
        await sheet.Page.WaitForURLAsync("**/#/runs?q=**");
        await keys.PressAsync("Escape");
        await Assertions.Expect(sheet.Page.Locator("tbody tr")).ToHaveCountAsync(1);
        await keys.PressAsync("j");
        await keys.PressAsync("Enter");
        await sheet.Page.WaitForURLAsync("**/#/runs/*");
        await sheet.Page.Locator("#wind").FocusAsync();
        await keys.PressAsync("ArrowLeft");
        await sheet.Page.WaitForURLAsync("**?v=*");
        await keys.PressAsync("?");
        await sheet.Sees("next and previous row");
        await keys.PressAsync("Escape");
        await sheet.Page.Locator("#main").FocusAsync();
        foreach (var (letter, page) in new[] { ("c", "Costs"), ("q", "Queue"), ("i", "Inbox"), ("k", "Knowledge"), ("u", "Audit"), ("a", "Ask") })
        {
            await sheet.Page.EvaluateAsync("document.activeElement.blur()");
            await keys.PressAsync("g");
            await keys.PressAsync(letter);
            await sheet.Page.GetByRole(AriaRole.Heading, new() { Name = page, Level = 1 }).WaitForAsync();
        }

        Assert.NotEqual("", run);
        sheet.IsCalm();
    }

    [Fact]
    public async Task What_does_not_change_is_kept_and_what_is_unknown_says_so()
    {
        using var first = await server.Client.GetAsync(server.Address);
        Assert.Contains("default-src 'none'", first.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        var edition = (await first.Content.ReadAsStringAsync()).Split("/pages/")[1].Split('/')[0];
        using var again = new HttpRequestMessage(HttpMethod.Get, server.Address);
        again.Headers.TryAddWithoutValidation("If-None-Match", first.Headers.ETag!.Tag);

        using var unchanged = await server.Client.SendAsync(again);
        using var kept = await server.Client.GetAsync(new Uri(server.Address, $"/pages/{edition}/core.js"));
        using var old = await server.Client.GetAsync(new Uri(server.Address, "/pages/before/core.js"));
        using var missing = await server.Client.GetAsync(new Uri(server.Address, $"/pages/{edition}/../appsettings.json"));

        Assert.Equal(System.Net.HttpStatusCode.NotModified, unchanged.StatusCode);
        Assert.Contains("immutable", kept.Headers.GetValues("Cache-Control").Single(), StringComparison.Ordinal);
        Assert.DoesNotContain("immutable", old.Headers.GetValues("Cache-Control").Single(), StringComparison.Ordinal);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, missing.StatusCode);
    }

    /// <summary>The id of a run that every test of this class may look at.</summary>
    async Task<string> Example()
    {
        const string question = "What became of the printer?";
        var found = await server.Get($"/runs?q={Uri.EscapeDataString(question)}");
        if (found.GetProperty("items").EnumerateArray().FirstOrDefault() is { ValueKind: System.Text.Json.JsonValueKind.Object } there)
            return there.GetProperty("id").GetString()!;
        var id = await server.Ask(question, metadata: new Dictionary<string, string> { ["team"] = "print" });
        await server.Until(id, "completed", "parked", "failed");
        return $"{id}";
    }
}
