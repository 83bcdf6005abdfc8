using System.Net;
using Agents.Domain.Costs;
using Agents.Host.Api.Runs;
using Agents.Host.Cli;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Tests.Cli;

public sealed class ExitCodesTests
{
    [Theory]
    [InlineData("completed", 0)]
    [InlineData("failed", 1)]
    [InlineData("parked", 4)]
    [InlineData("paused", 4)]
    [InlineData("cancelled", 4)]
    public void The_shell_learns_how_a_run_ended(string status, int code) => Assert.Equal(code, ExitCodes.Of(status));

    [Theory]
    [InlineData("completed", null, 0)]
    [InlineData("completed", "length", 6)]
    [InlineData("completed", "content_filter", 6)]
    [InlineData("failed", null, 1)]
    public void The_shell_learns_whether_the_answer_is_whole(string status, string? incomplete, int code) =>
        Assert.Equal(code, ExitCodes.Of(new RunView(
            Guid.Empty, "talker", 1, status, 5, "Why?", "m", 0, "talk", "Because", null, null, null, 1, Usage.None, 0, 0, null, null, null,
            DateTimeOffset.UnixEpoch, null, null, null, Incomplete: incomplete)));

    [Theory]
    [InlineData(HttpStatusCode.BadRequest, 2)]
    [InlineData(HttpStatusCode.UnprocessableEntity, 2)]
    [InlineData(HttpStatusCode.NotFound, 3)]
    [InlineData(HttpStatusCode.Conflict, 4)]
    [InlineData(HttpStatusCode.InternalServerError, 1)]
    [InlineData(HttpStatusCode.ServiceUnavailable, 5)]
    public void The_shell_learns_what_the_server_refused(HttpStatusCode status, int code) => Assert.Equal(code, ExitCodes.Of(status));

    [Fact]
    public void A_database_that_is_away_is_told_from_an_unexpected_error()
    {
        Assert.Equal(ExitCodes.Unreachable, Failures.Of(new InvalidOperationException("wrapped", new NpgsqlException("refused"))).ExitCode);
        Assert.Equal((ExitCodes.Failed, "odd"), Failures.Of(new InvalidOperationException("odd")));
    }

    [Fact]
    public void Settings_the_server_does_not_start_with_are_a_usage_error() =>
        Assert.Equal((ExitCodes.Usage, "no keys yet"), Failures.Of(new StartRefusedException("no keys yet")));
}
