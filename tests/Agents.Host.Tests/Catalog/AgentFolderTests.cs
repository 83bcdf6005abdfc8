using System.Text.Json;
using Agents.Host.Catalog;
using Agents.Host.Http;
using Agents.Host.Platform;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Agents.Host.Tests.Catalog;

/// <summary>A server that takes its agents from a folder.</summary>
public sealed class AgentFolderTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("agents-folder-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_folder_is_read_at_start_and_again_when_a_file_has_changed()
    {
        Write("greeter.yaml", Talker("greeter", "One."));
        Write("notes.txt", "not a definition");
        Write("asker.json", """{"name":"asker","steps":[{"name":"ask","instructions":"Ask.","tools":[{"tool":"subagent","agents":["greeter"]}]}]}""");
        var connection = await TestDatabase.CreatePrepared("folder");
        await using (var app = await Start(connection))
        {
            Assert.Equal((1, "all"), await Live(app, "greeter"));
            Assert.Equal((1, "all"), await Live(app, "asker"));

            Write("greeter.yaml", Talker("greeter", "Two."));
            await Until(app, "greeter", 2);

            Write("greeter.yaml", "name: greeter\nsteps:\n  - name: ta"); // half written
            Write("late.yaml", Talker("late", "Late."));
            await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken); // longer than it takes to notice
            Assert.Equal((2, "all"), await Live(app, "greeter"));
            Assert.Equal((0, ""), await Live(app, "late")); // all are checked before one is taken

            Write("greeter.yaml", Talker("greeter", "Three."));
            await Until(app, "greeter", 3);
            await Until(app, "late", 1);

            await app.Services.GetRequiredService<AgentStore>().RollBack(AgentStore.All, "greeter", Actor.System, CancellationToken.None);
            await app.StopAsync(TestContext.Current.CancellationToken);
        }

        await using var again = await Start(connection);
        Assert.Equal((2, "all"), await Live(again, "greeter")); // what was rolled back stays so until the file is changed
        Write("greeter.yaml", Talker("greeter", "One."));
        await Until(again, "greeter", 1); // content that was there before
    }

    [Theory]
    [InlineData("name: wrong\nsteps:\n  - name: s\n    instruction: S\n", "line 3, column 5, steps[0]: A step has one of instructions, tool, agent, code and wait.")]
    [InlineData("name: wrong\nsteps:\n  - { name: s, tool: no_such_tool }\n", "line 3, column 5, steps[0]: Step s may use no_such_tool, but no tool")]
    [InlineData("name: [\n", "This is no YAML")]
    public async Task A_folder_with_a_mistake_ends_the_start_with_one_line(string yaml, string line)
    {
        Write("good.yaml", Talker("good", "Good."));
        Write("wrong.yaml", yaml);

        var refused = await Assert.ThrowsAsync<StartRefusedException>(async () => await Start(await TestDatabase.CreatePrepared("folder")));

        Assert.StartsWith(Path.Combine(folder, "wrong.yaml"), refused.Message, StringComparison.Ordinal);
        Assert.Contains(line, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_named_pipe_in_the_folder_ends_the_start_and_holds_nobody()
    {
        if (OperatingSystem.IsWindows()) return;
        using (var made = System.Diagnostics.Process.Start("mkfifo", [Path.Combine(folder, "pipe.yaml")]))
            await made.WaitForExitAsync(TestContext.Current.CancellationToken);

        var read = Task.Run(() => AgentFiles.Read(folder, CancellationToken.None), TestContext.Current.CancellationToken);
        if (await Task.WhenAny(read, Task.Delay(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)) != read)
        {
            await using var writer = new FileStream(Path.Combine(folder, "pipe.yaml"), FileMode.Open, FileAccess.Write); // sets the reader free
            Assert.Fail("The pipe holds its reader.");
        }

        var refused = await Assert.ThrowsAsync<BadAgentFileException>(() => read);
        Assert.Contains("is not a regular file.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_files_of_one_agent_or_no_folder_end_the_start()
    {
        Write("a.yaml", Talker("same", "A."));
        Write("b.yaml", Talker("same", "B."));

        var twins = await Assert.ThrowsAsync<BadAgentFileException>(() => AgentFiles.Read(folder, CancellationToken.None));
        var missing = Assert.Throws<StartRefusedException>(() => AgentOptions.From(
            new Microsoft.Extensions.Configuration.ConfigurationManager { ["Agents:Directory"] = Path.Combine(folder, "nowhere") }));

        Assert.Contains("both name the agent same", twins.Message, StringComparison.Ordinal);
        Assert.StartsWith("Agents:Directory (Agents__Directory) is '", missing.Message, StringComparison.Ordinal);
    }

    async Task<WebApplication> Start(string connection)
    {
        var app = await Agents.Host.Server.Build(
            ["--urls=http://127.0.0.1:0", "--Workers:MaxRuns=0", "--agents", folder, $"--ConnectionStrings:agents={connection}"],
            adjust: builder => builder.Logging.ClearProviders());
        try
        {
            await app.StartAsync();
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    static async Task Until(WebApplication app, string agent, int version) =>
        await App.Until($"{agent} {version}", async () => (await Live(app, agent)).Version == version);

    /// <summary>Version and source; 0 when there is no such agent.</summary>
    static async Task<(int Version, string Source)> Live(WebApplication app, string agent)
    {
        using var client = new HttpClient
        {
            BaseAddress = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()),
        };
        client.DefaultRequestHeaders.Add(PageGuard.ClientHeader, "tests");
        using var answer = await client.GetAsync(new Uri($"/agents/{agent}", UriKind.Relative));
        if (!answer.IsSuccessStatusCode) return (0, "");
        var view = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync());
        return (view.GetProperty("version").GetInt32(), view.GetProperty("source").GetString()!);
    }

    void Write(string name, string text) => File.WriteAllText(Path.Combine(folder, name), text);

    static string Talker(string name, string instructions) => $"name: {name}\nsteps:\n  - name: talk\n    instructions: {instructions}\n";
}
