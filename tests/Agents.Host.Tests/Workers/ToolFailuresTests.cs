using System.Net;
using System.Net.Sockets;
using Agents.Domain.Runs;
using Agents.Host.Engine.Attempts;
using Npgsql;

namespace Agents.Host.Tests.Workers;

/// <summary>What an exception of a tool means for its call, above all whether a call that must not run twice may be made again.</summary>
public sealed class ToolFailuresTests
{
    static readonly SocketException Refused = new((int)SocketError.ConnectionRefused);

    public static TheoryData<Exception, FailureKind, bool> Exceptions => new()
    {
        { Refused, FailureKind.Unavailable, true },
        { new SocketException((int)SocketError.HostNotFound), FailureKind.Unavailable, true },
        { new SocketException((int)SocketError.TryAgain), FailureKind.Unavailable, true },
        { new HttpRequestException(HttpRequestError.ConnectionError, "Connection refused", Refused), FailureKind.Unavailable, true },
        { new HttpRequestException(HttpRequestError.NameResolutionError, "Name unknown"), FailureKind.Unavailable, true },
        { new NpgsqlException("Failed to connect", Refused), FailureKind.Unavailable, true },
        { new NpgsqlException("Broken", new IOException("reset")), FailureKind.Unavailable, false },
        { new HttpRequestException(HttpRequestError.ConnectionError, "reset", new SocketException((int)SocketError.ConnectionReset)),
            FailureKind.Unavailable, false },
        { new HttpRequestException(HttpRequestError.ResponseEnded, "The response ended prematurely."), FailureKind.Unavailable, false },
        { new HttpRequestException("down", null, HttpStatusCode.ServiceUnavailable), FailureKind.Unavailable, false },
        { new TimeoutException("The second call was refused.", Refused), FailureKind.Timeout, false },
        { new InvalidOperationException("No such customer."), FailureKind.ToolError, false },
    };

    [Theory, MemberData(nameof(Exceptions), DisableDiscoveryEnumeration = true)]
    public void Only_what_was_never_sent_surely_had_no_effect(Exception thrown, FailureKind kind, bool hadNoEffect)
    {
        Assert.Equal(kind, ToolFailures.From(thrown, isClaimed: true)?.Kind);
        Assert.Equal(hadNoEffect, ToolFailures.HadNoEffect(thrown));
    }

    [Fact]
    public void A_call_that_may_be_repeated_leaves_a_passing_failure_of_the_database_to_its_message() =>
        Assert.Null(ToolFailures.From(new NpgsqlException("Failed to connect", Refused), isClaimed: false));
}
