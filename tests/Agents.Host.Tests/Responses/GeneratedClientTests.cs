using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NSwag;
using NSwag.CodeGeneration.CSharp;

namespace Agents.Host.Tests.Responses;

/// <summary>The OpenAPI document has no errors, and clients that are generated from it compile and work: one in TypeScript, one in C#.</summary>
public sealed class GeneratedClientTests(LiveServer server)
{
    /// <summary>What both clients say of their ten calls. The operation's types are checked by the compilers.</summary>
    static readonly string[] Said =
    [
        "agents true", "queued 202", "run completed number", "events 1 2 3", "timeline true", "why 200", "search handbook.md", "cancel 409 Run is completed",
        "state 200", "unknown 404 404",
    ];

    [Fact]
    public async Task The_document_has_no_errors_and_a_client_in_TypeScript_compiles_and_works()
    {
        await Node.SkipUnlessInstalled();
        await File.WriteAllTextAsync(Path.Combine(Node.Folder, "openapi.json"), await Document());

        var lint = await Node.Run("npx", "redocly lint --format=json openapi.json");
        Assert.Contains("\"errors\": 0", lint);
        await Node.Run("npx", "openapi-typescript openapi.json -o schema.ts");
        Assert.Equal(
            "", await Node.Run("npx", "tsc --strict --module esnext --moduleResolution bundler --target es2022 --skipLibCheck --types node generated.ts"));
        var said = await Node.Run("node", $"generated.js {Root}");

        Assert.Equal(string.Join('\n', Said) + "\n", said);
    }

    [Fact]
    public async Task A_client_in_CSharp_compiles_and_works()
    {
        var document = await OpenApiDocument.FromJsonAsync(await Document());
        var client = new CSharpClientGenerator(document, new()
        {
            ClassName = "AgentsClient",
            CSharpGeneratorSettings = { Namespace = "Generated", JsonLibrary = NJsonSchema.CodeGeneration.CSharp.CSharpJsonLibrary.SystemTextJson },
        }).GenerateFile();

        var calls = Compiled(client, Calls).GetType("Calls")!.GetMethod("Run")!;
        var said = await (Task<List<string>>)calls.Invoke(null, [Root, server.Client])!;

        Assert.Equal(Said, said);
    }

    string Root => new Uri(server.V1, "/").ToString();

    Task<string> Document() => server.Client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), TestContext.Current.CancellationToken);

    static Assembly Compiled(params string[] sources)
    {
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(file => MetadataReference.CreateFromFile(file));
        var compilation = CSharpCompilation.Create(
            "GeneratedClient", sources.Select(source => CSharpSyntaxTree.ParseText(source)), references, new(OutputKind.DynamicallyLinkedLibrary));
        using var code = new MemoryStream();
        var result = compilation.Emit(code);
        Assert.Empty(result.Diagnostics.Where(problem => problem.Severity is DiagnosticSeverity.Error).Select(problem => problem.ToString()));
        code.Position = 0;
        return new AssemblyLoadContext("generated", isCollectible: true).LoadFromStream(code);
    }

    /// <summary>The same ten calls as in <c>node/generated.ts</c>.</summary>
    const string Calls = """
        using System;
        using System.Collections.Generic;
        using System.Linq;
        using System.Net.Http;
        using System.Threading.Tasks;
        using Generated;

        public static class Calls
        {
            public static async Task<List<string>> Run(string root, HttpClient http)
            {
                var api = new AgentsClient(http) { BaseUrl = root };
                var said = new List<string>();

                var agents = await api.ListAgentsAsync();
                said.Add($"agents {(agents.Items.Any(agent => agent.Name == "research") ? "true" : "false")}");
                var question = new QueueRunRequest
                {
                    Agent = "research", Question = "How many days of holiday, asked from C#?", BudgetUsd = 0.5m,
                    Metadata = new Dictionary<string, string> { ["client"] = "csharp" },
                };
                var queued = await api.QueueRunAsync(null, question);
                said.Add("queued 202");
                var run = await api.GetRunAsync(queued.Id);
                while (run.Status != "completed")
                {
                    await Task.Delay(100);
                    run = await api.GetRunAsync(queued.Id);
                }

                decimal? cost = run.CostUsd;
                said.Add($"run {run.Status} {(cost is null ? "null" : "number")}");
                var events = await api.GetEventsAsync(queued.Id, null, 3);
                said.Add($"events {string.Join(' ', events.Items.Select(one => one.Version))}");
                var timeline = await api.GetTimelineAsync(queued.Id);
                said.Add($"timeline {(timeline.Items.Count > 0 ? "true" : "false")}");
                await api.GetWhyAsync(queued.Id);
                said.Add("why 200");
                var found = await api.SearchPassagesAsync("holiday", 1, null);
                said.Add($"search {found.Items.First().Source}");
                try
                {
                    await api.CancelRunAsync(queued.Id, new ReasonRequest { Reason = "It is over." });
                }
                catch (ApiException<ProblemDetails> refused)
                {
                    said.Add($"cancel {refused.StatusCode} {refused.Result.Title}");
                }

                await api.GetStateAsync(queued.Id, 1, null);
                said.Add("state 200");
                try
                {
                    await api.GetRunAsync(Guid.Empty);
                }
                catch (ApiException<ProblemDetails> refused)
                {
                    said.Add($"unknown {refused.StatusCode} {refused.Result.Status}");
                }

                return said;
            }
        }
        """;
}
