using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace Agents.Crash.Tests;

/// <summary>A stored fact as the API shows it.</summary>
public readonly record struct ShownFact(long Version, string Type, DateTimeOffset At, JsonElement Data);

/// <summary>The runs of a server as its clients see them.</summary>
/// <param name="output">What the server wrote, for the message of a test that failed.</param>
public sealed class RunsOf(HttpClient client, Func<string> output)
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public async Task<Guid> Queue(string question, string agent = "research")
    {
        using var answer = await client.PostAsJsonAsync("/runs", new { agent, question });
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    /// <summary>The run, once it has ended.</summary>
    public async Task<JsonElement> Finished(Guid id)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var run = await client.GetFromJsonAsync<JsonElement>($"/runs/{id}");
            if (run.GetProperty("finishedAt").ValueKind is not JsonValueKind.Null) return run;
            if (waited.Elapsed > Patience) throw new TimeoutException($"The run is still {run}.\n{output()}");
            await Task.Delay(50);
        }
    }

    public async Task<IReadOnlyList<ShownFact>> Facts(Guid id)
    {
        var page = await client.GetFromJsonAsync<JsonElement>($"/runs/{id}/events");
        return [.. page.GetProperty("items").EnumerateArray().Select(fact => new ShownFact(
            fact.GetProperty("version").GetInt64(), fact.GetProperty("type").GetString()!, fact.GetProperty("at").GetDateTimeOffset(),
            fact.GetProperty("data")))];
    }

    /// <summary>The run's facts, once they fit.</summary>
    public async Task<IReadOnlyList<ShownFact>> Until(Guid id, Func<IReadOnlyList<string>, bool> fits)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var facts = await Facts(id);
            var types = facts.Select(fact => fact.Type).ToList();
            if (fits(types)) return facts;
            if (waited.Elapsed > Patience) throw new TimeoutException($"{string.Join(", ", types)}\n{output()}");
            await Task.Delay(50);
        }
    }
}
