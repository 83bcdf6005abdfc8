using System.ClientModel;
using System.Data.Common;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Models;
using Anthropic.Exceptions;
using OllamaSharp.Models.Exceptions;

namespace Agents.Host.Tests.Models;

public sealed class ModelFailuresTests
{
    static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<Exception, FailureKind> Outside => new()
    {
        { new HttpRequestException(HttpRequestError.ConnectionError, "refused"), FailureKind.Unavailable },
        { new HttpRequestException(HttpRequestError.NameResolutionError, "who?"), FailureKind.Unavailable },
        { new HttpRequestException("reset", new IOException("reset by peer")), FailureKind.Unavailable },
        { new HttpRequestException("x", null, HttpStatusCode.TooManyRequests), FailureKind.RateLimited },
        { new HttpRequestException("x", null, HttpStatusCode.PaymentRequired), FailureKind.Unauthorized },
        { new HttpRequestException("x", null, HttpStatusCode.Conflict), FailureKind.Rejected },
        { new HttpIOException(HttpRequestError.ResponseEnded), FailureKind.StreamCut },
        { new IOException("broken pipe"), FailureKind.StreamCut },
        { new TimeoutException(), FailureKind.Timeout },
        { new TaskCanceledException("x", new TimeoutException()), FailureKind.Timeout },
        { new JsonException("half"), FailureKind.StreamCut },
        { new FormatException("half"), FailureKind.StreamCut },
        { new ClientResultException("lost", null!, new HttpRequestException("refused")), FailureKind.Unavailable },
        { new ClientResultException("lost"), FailureKind.StreamCut },
        { new AggregateException(new HttpRequestException("refused"), new IOException()), FailureKind.Unavailable },
        { new AnthropicIOException("I/O", new HttpRequestException("refused")), FailureKind.Unavailable },
        { new AnthropicSseException("""{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"""), FailureKind.StreamCut },
        { new AnthropicInvalidDataException("no"), FailureKind.StreamCut },
        { AnthropicExceptionFactory.CreateApiException(HttpStatusCode.Forbidden, "{}"), FailureKind.Unauthorized },
        { new OllamaException("no such template"), FailureKind.Rejected },
        { new ModelDoesNotSupportToolsException("no tools"), FailureKind.Rejected },
        { new ResponseError("no"), FailureKind.Rejected },
    };

    [Fact]
    public void Half_of_a_surrogate_pair_is_a_reply_that_cannot_be_read()
    {
        using var reply = JsonDocument.Parse("""{"model":"\ud800"}""");
        var thrown = Assert.Throws<InvalidOperationException>(() => reply.RootElement.GetProperty("model").GetString());

        Assert.Equal(FailureKind.StreamCut, ModelFailures.From(thrown)?.Kind);
        Assert.Null(ModelFailures.From(new InvalidOperationException("our own")));
    }

    [Theory, MemberData(nameof(Outside), DisableDiscoveryEnumeration = true)]
    public void What_fails_outside_has_a_kind(Exception exception, FailureKind kind) => Assert.Equal(kind, ModelFailures.From(exception)?.Kind);

    [Fact]
    public void What_fails_inside_is_no_failure_of_the_model()
    {
        Assert.Null(ModelFailures.From(new DatabaseDown()));
        Assert.Null(ModelFailures.From(new InvalidOperationException()));
        Assert.Null(ModelFailures.From(new ObjectDisposedException("session")));
        Assert.Null(ModelFailures.From(new OperationCanceledException()));
    }

    [Theory]
    [InlineData("key sk-ant-api03-AbC_d-123 is wrong", "key [redacted] is wrong")]
    [InlineData("Authorization: Bearer abc.def.ghi, see docs", "Authorization: [redacted], see docs")]
    [InlineData("""{"api-key":"0123456789abcdef","x":1}""", """{"[redacted]","x":1}""")]
    [InlineData("x-api-key=0123456789abcdef", "[redacted]")]
    [InlineData("the token my-own-key failed", "the token [redacted] failed")]
    [InlineData("a task-list and a risk-free sk-", "a task-list and a risk-free sk-")]
    public void Nothing_that_looks_like_a_key_is_told(string text, string expected) =>
        Assert.Equal(expected, ModelFailures.Redact(text, "my-own-key"));

    [Theory]
    [InlineData("any", "Too many requests of any kind.", "Too many requests of any kind.")]
    [InlineData("k", "bad key sk-abcdefghijkl", "bad key [redacted]")]
    [InlineData("sk-abcdef", "bad key sk-abcdefghijkl", "bad key [redacted]")]
    public void A_key_that_is_only_a_word_spoils_no_message_and_hides_no_other_key(string key, string text, string expected) =>
        Assert.Equal(expected, ModelFailures.Redact(text, key));

    [Fact]
    public void A_message_is_bounded_clean_and_never_empty()
    {
        Assert.Equal(ModelLimits.FailureMessage, ModelFailures.Of(FailureKind.Rejected, new string('x', 5000)).Message.Length);
        Assert.Equal("ab", ModelFailures.Of(FailureKind.Rejected, "a\0b").Message);
        Assert.Equal("Rejected", ModelFailures.Of(FailureKind.Rejected, "").Message);
    }

    [Theory]
    [InlineData("Retry-After", "7", 7000d)]
    [InlineData("Retry-After", "0", 0d)]
    [InlineData("Retry-After", "1.5", 1500d)]
    [InlineData("Retry-After", "1795435230", 30_000d)] // 2026-11-23 12:00:30 UTC
    [InlineData("Retry-After", "Mon, 23 Nov 2026 12:01:30 GMT", 90_000d)]
    [InlineData("Retry-After", "Mon, 23 Nov 2026 11:00:00 GMT", 0d)]
    [InlineData("Retry-After", "99999999", 86_400_000d)]
    [InlineData("Retry-After", "soon", null)]
    [InlineData("retry-after-ms", "1500", 1500d)]
    [InlineData("retry-after-ms", "12.5", 12.5)]
    [InlineData("retry-after-ms", "-5", 0d)]
    [InlineData("retry-after-ms", "NaN", null)]
    [InlineData("X-Other", "7", null)]
    public void The_wait_a_provider_asks_for_is_understood(string header, string value, double? milliseconds)
    {
        using var response = new HttpResponseMessage();
        response.Headers.TryAddWithoutValidation(header, value);

        Assert.Equal(milliseconds, ProviderHttp.RetryAfter(response.Headers, Now)?.TotalMilliseconds);
    }

    [Fact]
    public void Milliseconds_are_more_exact_than_seconds()
    {
        using var response = new HttpResponseMessage();
        response.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(2));
        response.Headers.TryAddWithoutValidation("retry-after-ms", "1200");

        Assert.Equal(TimeSpan.FromSeconds(1.2), ProviderHttp.RetryAfter(response.Headers, Now));
    }

    [Theory]
    [InlineData("""{"error":{"message":"m"}}""", "m")]
    [InlineData("""{"error":"m"}""", "m")]
    [InlineData("""{"message":"m"}""", "m")]
    [InlineData("""{"other":1}""", """{"other":1}""")]
    [InlineData("[1]", "[1]")]
    [InlineData("<html>", "<html>")]
    [InlineData("", "")]
    public void The_providers_own_words_are_found(string body, string message) => Assert.Equal(message, ProviderHttp.MessageIn(body));

    sealed class DatabaseDown : DbException;
}
