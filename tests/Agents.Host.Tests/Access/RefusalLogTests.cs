using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Agents.Host.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Agents.Host.Tests.Access;

public sealed class RefusalLogTests
{
    [Fact]
    public async Task Hundreds_of_refused_requests_leave_a_few_short_lines_without_a_stack_and_without_what_they_held()
    {
        using var log = new Everything();
        await using var app = await Agents.Host.Server.Build(
            ["--urls=http://127.0.0.1:0", "--Workers:MaxRuns=0", $"--ConnectionStrings:agents={await TestDatabase.CreatePrepared("log")}"],
            adjust: builder =>
            {
                builder.Logging.ClearProviders();
                builder.Logging.AddProvider(log);
            });
        await app.StartAsync();
        using var client = new HttpClient
        {
            BaseAddress = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()),
        };
        log.Lines.Clear();
        string[] bodies = ["{\"question\":", "{\"secret\":\"hunter2\"}", "{\"agent\":5}", "null", "", "{\"agent\":\"a\",\"agent\":\"b\"}"];

        for (var n = 0; n < 200; n++)
        {
            using var body = new StringContent(bodies[n % bodies.Length], Encoding.UTF8, "application/json");
            using var answer = await client.PostAsync(new Uri($"/runs?line=%0Aforged{n}", UriKind.Relative), body);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }

        for (var n = 0; n < 50; n++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/runs");
            request.Headers.Authorization = new("Basic", "aHVudGVyMg==");
            using var answer = await client.SendAsync(request);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        }

        var lines = log.Lines.ToList();
        Assert.DoesNotContain(lines, line => line.Exception is not null);
        Assert.True(lines.Sum(line => line.Text.Length) < 5_000, $"{lines.Count} lines: {lines[0].Text}");
        var refusals = lines.Where(line => line.Category == typeof(RefusalLog).FullName).ToList();
        Assert.InRange(refusals.Count, 20, 40);
        Assert.All(refusals, line => Assert.Matches(@"^(POST|GET) /runs was refused with 40[01]; key none; \d+ more since the line before$", line.Text));
        Assert.Equal(refusals.Count, lines.Count);
    }

    /// <summary>All levels, as the settings let them through.</summary>
    sealed class Everything : ILoggerProvider
    {
        public ConcurrentQueue<LogLine> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => new Writer(categoryName, Lines);

        public void Dispose()
        {
        }

        sealed class Writer(string category, ConcurrentQueue<LogLine> lines) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(
                LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                lines.Enqueue(new(category, logLevel, formatter(state, exception), exception));
        }
    }
}
