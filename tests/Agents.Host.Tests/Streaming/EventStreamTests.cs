using System.Runtime.CompilerServices;
using System.Security.Claims;
using System.Text;
using Agents.Host.Engine.Signals;
using Agents.Host.Http;
using Agents.Host.Log;
using Agents.Host.Streaming;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace Agents.Host.Tests.Streaming;

/// <summary>One client and its stream.</summary>
public sealed class EventStreamTests(App app)
{
    [Fact]
    public async Task A_client_that_takes_nothing_is_closed()
    {
        var (http, line) = Client(new Stuck());

        await (new EventStream(Frames(Frame.Done)) { Patience = TimeSpan.FromMilliseconds(50) }).ExecuteAsync(http);

        Assert.True(line.IsAborted);
    }

    [Fact]
    public async Task A_client_that_stops_taking_in_the_middle_of_all_runs_is_closed_and_counted_no_more()
    {
        await app.Finished(await app.Queue("What does a client that stops taking leave behind?", "counter"));
        using var tail = new Tail(
            app.Host.Services.GetRequiredService<NumberedFacts>(), ActivatorUtilities.CreateInstance<NodeSignals>(app.Host.Services),
            NullLogger<Tail>.Instance);
        await tail.StartAsync(TestContext.Current.CancellationToken);
        var (http, line) = Client(new Stuck { Takes = 3 }); // the time to reconnect, and two facts

        await new EventStream(new TenantFollower(tail).Follow("default", seesMoney: true, after: 0, _ => true, default)) { Patience = TimeSpan.FromMilliseconds(50) }
            .ExecuteAsync(http);

        Assert.Equal(2, Encoding.UTF8.GetString(((Stuck)http.Response.Body).ToArray()).Split("data:").Length - 1);
        Assert.True(line.IsAborted);
        Assert.Equal(0, tail.Readers);
        await tail.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Nothing_is_kept_of_a_run_whose_reader_stopped_in_the_middle()
    {
        var ct = TestContext.Current.CancellationToken;
        var run = await app.Queue("What is kept of a run that is read by half?", "counter");
        await app.Finished(run);
        using var hubs = new RunHubs(
            app.Host.Services.GetRequiredService<FactLog>(), app.Host.Services.GetRequiredService<Deltas>(),
            app.Host.Services.GetRequiredService<NodeSignals>(),
            app.Database, NullLogger<RunHubs>.Instance);
        await hubs.StartAsync(ct);

        await foreach (var _ in new RunFollower(hubs).Follow("default", run, after: 0, ct)) break;

        Assert.Equal(1, hubs.Count);
        await App.Until("no run that is followed", () => Task.FromResult(hubs.Count == 0));
        await hubs.StopAsync(ct);
    }

    [Fact]
    public async Task A_database_that_takes_too_long_is_no_slow_client()
    {
        var (http, line) = Client(new MemoryStream());
        var presence = new Presence();

        var failure = await Assert.ThrowsAsync<TimeoutException>(() => new EventStream(Failing()) { Presence = () => presence }.ExecuteAsync(http));

        Assert.Equal("The database took too long.", failure.Message);
        Assert.False(line.IsAborted);
        Assert.True(presence.IsOver);

        static async IAsyncEnumerable<Frame> Failing()
        {
            yield return Frame.Heartbeat;
            await Task.Yield();
            throw new TimeoutException("The database took too long.");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stream_of_a_quiet_run_ends_when_the_node_stops(bool isSimple)
    {
        var (http, line) = Client(new MemoryStream());
        var lifetime = http.RequestServices.GetRequiredService<Lifetime>();
        var streaming = new EventStream(isSimple ? SimpleFormat.Of(Quiet()) : FactsFormat.Of(Quiet(), seesMoney: true)).ExecuteAsync(http);
        Assert.False(streaming.IsCompleted);

        await lifetime.Stopping.CancelAsync();

        await streaming.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.False(line.IsAborted);

        static async IAsyncEnumerable<StreamedItem> Quiet([EnumeratorCancellation] CancellationToken ct = default)
        {
            yield return StreamedItem.Heartbeat.Instance;
            await Task.Delay(Timeout.Infinite, ct);
        }
    }

    static async IAsyncEnumerable<Frame> Frames(params Frame[] frames)
    {
        await Task.Yield();
        foreach (var frame in frames) yield return frame;
    }

    (HttpContext Http, Line Line) Client(Stream body)
    {
        var (line, lifetime) = (new Line(), new Lifetime());
        var http = new DefaultHttpContext
        {
            RequestServices = new ServiceCollection().AddSingleton(app.Host.Services.GetRequiredService<KeyRing>()).AddSingleton(lifetime)
                .AddSingleton<IHostApplicationLifetime>(lifetime).BuildServiceProvider(),
            User = new(new ClaimsIdentity([new(Caller.TenantClaim, "default")])),
        };
        http.Features.Set<IHttpRequestLifetimeFeature>(line);
        http.Response.Body = body;
        return (http, line);
    }

    sealed class Line : IHttpRequestLifetimeFeature
    {
        public bool IsAborted { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => IsAborted = true;
    }

    sealed class Presence : IDisposable
    {
        public bool IsOver { get; private set; }

        public void Dispose() => IsOver = true;
    }

    sealed class Lifetime : IHostApplicationLifetime
    {
        public CancellationTokenSource Stopping { get; } = new();

        public CancellationToken ApplicationStarted => default;

        public CancellationToken ApplicationStopping => Stopping.Token;

        public CancellationToken ApplicationStopped => default;

        public void StopApplication() => Stopping.Cancel();
    }

    /// <summary>A client that takes so many pieces of what is written, then no more.</summary>
    sealed class Stuck : MemoryStream
    {
        public int Takes { get; set; }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Takes-- > 0) Write(buffer.Span);
            else await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }
}
