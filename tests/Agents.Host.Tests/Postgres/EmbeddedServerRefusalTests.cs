using System.Diagnostics;
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

    [Fact]
    public async Task A_folder_that_keeps_the_servers_account_out_is_named_with_what_opens_it()
    {
        Assert.SkipUnless(IsRoot, "Only root hands the server to another account.");
        await using var directory = new ServerDirectory();
        var closed = Directory.CreateDirectory(Path.Combine(directory.Path, "closed"), Private).FullName;

        var refusal = await Assert.ThrowsAsync<EmbeddedServerException>(() => EmbeddedServer.Start(Path.Combine(closed, "below", "agents"), Quick, Ct));

        Mentions(refusal, $"{closed} is closed to it", $"chmod o+x {closed}'", "AGENTS_DATA", "'postgres'");
        Assert.DoesNotContain("ermission denied", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_directory_that_is_closed_itself_is_named_and_one_that_was_closed_later_too()
    {
        Assert.SkipUnless(IsRoot, "Only root hands the server to another account.");
        await using var directory = await ServerDirectory.WithCluster();
        File.SetUnixFileMode(directory.Path, Private);

        var refusal = await Assert.ThrowsAsync<EmbeddedServerException>(() => directory.Start());

        Mentions(refusal, $"{directory.Path} is closed to it", $"chmod o+x {directory.Path}'");
    }

    [Fact]
    public async Task Programs_below_a_folder_that_keeps_the_servers_account_out_are_named_with_that_folder()
    {
        Assert.SkipUnless(IsRoot, "Only root hands the server to another account.");
        await using var directory = new ServerDirectory();
        var installed = (await directory.Status()).Programs[0].Directory;
        var closed = Directory.CreateDirectory(Path.Combine(directory.Path, "closed"), Private).FullName;
        var programs = Directory.CreateDirectory(Path.Combine(closed, "bin")).FullName;
        foreach (var name in new[] { "initdb", "pg_ctl", "postgres" }) File.Copy(Path.Combine(installed, name), Path.Combine(programs, name));

        var refusal = await Assert.ThrowsAsync<EmbeddedServerException>(() => directory.Start(Quick with { Programs = programs }));

        Mentions(refusal, Path.Combine(programs, "initdb"), $"{closed} is closed to it", "AGENTS_PG_BIN");
    }

    [Fact]
    public async Task Directories_that_are_made_let_the_servers_account_through_whatever_the_umask()
    {
        Assert.SkipUnless(IsRoot, "Only root hands the server to another account.");
        await using var directory = new ServerDirectory();
        var deep = Path.Combine(directory.Path, "made", "here");

        var start = new ProcessStartInfo("sh", ["-c", $"umask 077; exec dotnet Agents.Host.dll db psql --data '{deep}' -- -c 'select 1'"])
        {
            WorkingDirectory = AppContext.BaseDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["ConnectionStrings__agents"] = "" },
        };
        using var process = Process.Start(start)!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(Ct), process.StandardError.ReadToEndAsync(Ct));
        await process.WaitForExitAsync(Ct);

        Assert.True(process.ExitCode == 0, string.Join('\n', said));
        await EmbeddedServer.Reset(deep, Ct);
    }

    [Fact]
    public async Task A_path_too_long_for_PostgreSQL_is_refused_before_anything_is_made()
    {
        await using var directory = new ServerDirectory();
        var parts = Enumerable.Repeat(new string('d', 200), 5);

        var refusal = await Assert.ThrowsAsync<EmbeddedServerException>(() => EmbeddedServer.Start(Path.Combine([directory.Path, .. parts]), Quick, Ct));

        Mentions(refusal, "too long for PostgreSQL", "AGENTS_DATA");
        Assert.False(Directory.Exists(directory.Path));
    }

    [Fact]
    public async Task Data_of_another_account_is_refused_with_whose_it_must_be()
    {
        Assert.SkipUnless(IsRoot, "Only root can give files away.");
        await using var directory = await ServerDirectory.WithCluster();
        using (var chown = Process.Start("chown", ["-R", "nobody", Path.Combine(directory.Home, "data")])) await chown.WaitForExitAsync(Ct);

        var refusal = await Assert.ThrowsAsync<EmbeddedServerException>(() => directory.Start());

        Mentions(refusal, "belong to another account", "chown -R");
    }

    const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    static bool IsRoot => !OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess;

    static async Task WriteCluster(ServerDirectory directory, int major)
    {
        Directory.CreateDirectory(Path.Combine(directory.Home, "data"));
        await File.WriteAllTextAsync(Path.Combine(directory.Home, "data", "PG_VERSION"), $"{major}\n", Ct);
    }

    static void Mentions(EmbeddedServerException refusal, params string[] parts) =>
        Assert.All(parts, part => Assert.Contains(part, refusal.Message, StringComparison.Ordinal));
}
