using Agents.Host.Postgres;
using static Agents.Host.Tests.Postgres.ServerDirectory;

namespace Agents.Host.Tests.Postgres;

public sealed class EmbeddedServerRefusalTests
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Data_of_another_major_version_is_refused_with_both_versions_and_the_directory()
    {
        await using var directory = new ServerDirectory();
        await WriteCluster(directory, major: 13);
        await File.WriteAllTextAsync(Path.Combine(directory.Home, "password"), "of old", Ct);

        var refusal = await Assert.ThrowsAsync<EmbeddedServerException>(() => directory.Start());

        Mentions(refusal, "PostgreSQL 13", $"PostgreSQL {(await directory.Status()).Programs[0].Major}", directory.Path);
        Assert.True(File.Exists(Path.Combine(directory.Home, "data", "PG_VERSION")));
    }

    [Fact]
    public async Task Without_server_programs_the_message_says_how_to_get_a_server()
    {
        await using var directory = new ServerDirectory();
        var empty = Directory.CreateDirectory(Path.Combine(directory.Path, "empty")).FullName;

        var refusal = await Assert.ThrowsAsync<EmbeddedServerException>(() => directory.Start(Quick with { Programs = empty }));

        Mentions(refusal, "docker compose -f docker-compose.postgres.yml up -d", "ConnectionStrings__agents", empty);
        Mentions(refusal, "apt-get install postgresql", "brew install postgresql");
    }

    [Fact]
    public async Task A_directory_that_cannot_be_made_is_named_with_the_setting_that_moves_it()
    {
        await using var directory = new ServerDirectory();
        var file = Path.Combine(Directory.CreateDirectory(directory.Path).FullName, "file");
        await File.WriteAllTextAsync(file, "", Ct);

        var refusal = await Assert.ThrowsAsync<EmbeddedServerException>(() => EmbeddedServer.Start(Path.Combine(file, "below"), Quick, Ct));

        Mentions(refusal, Path.Combine(file, "below"), "AGENTS_DATA");
    }

    [Fact]
    public async Task A_lost_password_is_named_rather_than_made_up()
    {
        await using var directory = new ServerDirectory();
        await WriteCluster(directory, major: 15);

        var refusal = await Assert.ThrowsAsync<EmbeddedServerException>(() => directory.Start());

        Mentions(refusal, Path.Combine(directory.Home, "password"));
    }

    static async Task WriteCluster(ServerDirectory directory, int major)
    {
        Directory.CreateDirectory(Path.Combine(directory.Home, "data"));
        await File.WriteAllTextAsync(Path.Combine(directory.Home, "data", "PG_VERSION"), $"{major}\n", Ct);
    }

    static void Mentions(EmbeddedServerException refusal, params string[] parts) =>
        Assert.All(parts, part => Assert.Contains(part, refusal.Message, StringComparison.Ordinal));
}
