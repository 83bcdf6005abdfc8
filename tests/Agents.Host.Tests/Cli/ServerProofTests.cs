using System.Collections.Concurrent;
using System.Text.Json;
using Agents.Host.Cli;
using Agents.Host.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Agents.Host.Tests.Cli;

/// <summary>A verb gives its key, and what it was told, to the server that the data directory names, and to no program that took its port.</summary>
public sealed class ServerProofTests : IAsyncLifetime
{
    readonly string folder = Directory.CreateTempSubdirectory("agents-proof-").FullName;
    string connection = "", key = "";

    public async ValueTask InitializeAsync()
    {
        connection = await TestDatabase.CreatePrepared("proof");
        await using var database = NpgsqlDataSource.Create(connection);
        (key, _) = await new KeyStore(database).Create("default", Roles.Operator, "ada", CancellationToken.None);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_program_on_the_port_of_a_server_that_is_gone_gets_no_key()
    {
        await using var impostor = await Impostor.Start(_ => "anything");
        Write(impostor.Address, "a secret that it does not know");

        var (exitCode, output, _) = await Run();

        Assert.Equal(ExitCodes.Ok, exitCode); // by a server of its own, on the same database
        Assert.Empty(JsonSerializer.Deserialize<JsonElement>(output).GetProperty("items").EnumerateArray());
        Assert.NotEmpty(impostor.Asked);
        Assert.All(impostor.Asked, request => Assert.StartsWith("/health/", request.Path, StringComparison.Ordinal));
        Assert.DoesNotContain(impostor.Asked, request => request.Headers.Contains("agents_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_program_that_passes_the_question_on_to_the_server_s_new_port_gets_no_key()
    {
        await using var server = await Server();
        using var client = new HttpClient();
        await using var impostor = await Impostor.Start(
            query => client.GetStringAsync($"{server.Urls.Single()}/health/proof{query}").GetAwaiter().GetResult());
        Write(impostor.Address, server.Services.GetRequiredService<ServerProof>().Secret);

        await Run();

        Assert.Contains(impostor.Asked, request => request.Path == "/health/proof");
        Assert.DoesNotContain(impostor.Asked, request => request.Headers.Contains("agents_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_server_of_the_data_directory_proves_itself_and_is_used()
    {
        await using var server = await Server();
        Write(server.Urls.Single(), server.Services.GetRequiredService<ServerProof>().Secret);
        using var client = new HttpClient();

        var proof = await client.GetStringAsync($"{server.Urls.Single()}/health/proof?nonce=one");
        var (exitCode, output, errors) = await Run(
            "--ConnectionStrings:agents", "Host=127.0.0.1;Port=1;Database=nowhere"); // none of its own could start

        Assert.Equal((ExitCodes.Ok, ""), (exitCode, errors));
        Assert.Empty(JsonSerializer.Deserialize<JsonElement>(output).GetProperty("items").EnumerateArray());
        Assert.Equal(64, proof.Length);
        Assert.NotEqual(proof, await client.GetStringAsync($"{server.Urls.Single()}/health/proof?nonce=other"));
        using var none = await client.GetAsync($"{server.Urls.Single()}/health/proof");
        Assert.Equal(400, (int)none.StatusCode);
    }

    [Fact]
    public async Task What_is_no_server_of_ours_at_a_named_address_gets_no_key()
    {
        await using var stranger = await Impostor.Start(_ => "anything", service: "another");

        var (exitCode, _, errors) = await Run("--server", stranger.Address);

        Assert.Equal(ExitCodes.Unreachable, exitCode);
        Assert.Contains("No Agents server answers", errors, StringComparison.Ordinal);
        Assert.DoesNotContain(stranger.Asked, request => request.Headers.Contains("agents_", StringComparison.Ordinal));
    }

    void Write(string address, string secret) => File.WriteAllText(Path.Combine(folder, "server.url"), $"{address}\n{secret}\n");

    async Task<WebApplication> Server()
    {
        var app = await Agents.Host.Server.Build(
            ["--urls=http://127.0.0.1:0", "--Workers:MaxRuns=0", $"--ConnectionStrings:agents={connection}"],
            adjust: builder => builder.Logging.ClearProviders());
        await app.StartAsync();
        return app;
    }

    async Task<(int ExitCode, string Output, string Errors)> Run(params string[] more)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        string[] settings = more is ["--ConnectionStrings:agents", ..] ? more : ["--ConnectionStrings:agents", connection];
        string[] named = more is ["--server", ..] ? more : [];
        var exitCode = await CommandLine.Run(["runs", "--json", "--data", folder, "--key", key, .. named], output, errors, settings);
        return (exitCode, output.ToString(), errors.ToString());
    }

    /// <summary>Answers as a server would, and keeps what it was asked.</summary>
    sealed class Impostor(WebApplication app, ConcurrentQueue<(string Path, string Headers)> asked) : IAsyncDisposable
    {
        public string Address => app.Urls.Single();

        public IReadOnlyCollection<(string Path, string Headers)> Asked => asked;

        /// <param name="prove">What it answers to a nonce; it is given the query.</param>
        public static async Task<Impostor> Start(Func<string, string> prove, string service = "agents")
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            var (app, asked) = (builder.Build(), new ConcurrentQueue<(string, string)>());
            app.Run(http =>
            {
                asked.Enqueue((http.Request.Path.Value!, string.Join('\n', http.Request.Headers)));
                return http.Request.Path == "/health/proof" ? http.Response.WriteAsync(prove(http.Request.QueryString.Value!))
                    : http.Response.WriteAsync($$"""{"service":"{{service}}","items":[],"next":null}""");
            });
            await app.StartAsync();
            return new(app, asked);
        }

        public async ValueTask DisposeAsync() => await app.DisposeAsync();
    }
}
