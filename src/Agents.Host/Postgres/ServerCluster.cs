namespace Agents.Host.Postgres;

/// <summary>Makes, starts and stops the cluster, by PostgreSQL's own programs. Call it with the control lock held.</summary>
sealed class ServerCluster(ServerFiles files, ServerAccount account, ServerPrograms programs)
{
    /// <summary>The superuser of the cluster, and the name of our database.</summary>
    public const string User = "agents";

    const int StartSeconds = 60;
    const int StopSeconds = 30;
    const int LogLines = 15;
    const long LongestLogBytes = 10_000_000;

    /// <summary>
    /// After a crash other server processes live on for a moment, on a busy machine for seconds: a server that ends at once gives its processes five, and
    /// PostgreSQL does not start before they are gone.
    /// </summary>
    const int StartAttempts = 50;

    static readonly TimeSpan AttemptPause = TimeSpan.FromMilliseconds(300);

    static readonly string[] Locales = ["C.UTF-8", "C"]; // not every system has the first

    /// <summary>Proves that the account can reach its files and programs, before it is told so by an error of a program.</summary>
    /// <exception cref="EmbeddedServerException">With the folder that keeps it out.</exception>
    public Task MustBeReachable(CancellationToken ct) =>
        account.MustReach(ct, files.Home, programs["initdb"], programs["pg_ctl"], programs["postgres"]);

    /// <summary>Makes the cluster under another name first: what has its real name is whole.</summary>
    public async Task Create(string password, bool durable, CancellationToken ct)
    {
        files.DeleteStaging();
        ServerFiles.WritePrivately(files.PasswordForInitdb, password);
        try
        {
            Directory.CreateDirectory(files.Staging);
            await account.MakeOwner(ct, files.Staging, files.PasswordForInitdb);
            await Initdb(durable, ct);
        }
        finally
        {
            File.Delete(files.PasswordForInitdb);
        }
        await File.AppendAllTextAsync(Path.Combine(files.Staging, "postgresql.conf"), "\ninclude '../server.conf'\n", ct);
        Directory.Move(files.Staging, files.Cluster);
    }

    /// <summary>What the next start is told. A server that has died is started again with what it was told before.</summary>
    public async Task WriteSettings(ServerAddress address, bool durable, CancellationToken ct)
    {
        await File.WriteAllTextAsync(files.Settings, ServerSettings.Text(address, programs, durable), ct);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(files.Settings, Modes.Readable);
    }

    /// <summary>Starts the server as a process that outlives us, and waits until it answers.</summary>
    public async Task Start(CancellationToken ct)
    {
        await PrepareLog(ct);
        for (var attempt = 1; ; attempt++)
        {
            if (Postmaster.Read(files) is { } left)
            {
                left.EndOrphans(files);
                left.RemoveLocks(files);
            }

            var start = await Control(["-l", files.Log, "-t", $"{StartSeconds}", "start"], ct);
            if (start.ExitCode == 0) return;
            if (attempt == StartAttempts || Postmaster.Read(files) is null)
                throw EmbeddedServerException.NotStarted(files.Directory, start.Text, LogEnd());
            await Task.Delay(AttemptPause, ct);
        }
    }

    /// <summary>Ends the server in good order; its connections are cut.</summary>
    /// <exception cref="EmbeddedServerException">It did not stop in time. It still runs.</exception>
    public async Task Stop(CancellationToken ct)
    {
        var stop = await Control(["-m", "fast", "-t", $"{StopSeconds}", "stop"], ct);
        if (stop.ExitCode != 0 && Postmaster.Read(files) is { } left && !left.IsGone())
            throw EmbeddedServerException.Refused("pg_ctl stop", stop.Text);
    }

    async Task Initdb(bool durable, CancellationToken ct)
    {
        var made = new ProgramOutcome(1, "");
        foreach (var locale in Locales)
        {
            List<string> arguments =
            [
                "-D", files.Staging, "-U", User, "-E", "UTF8", "--locale=" + locale, "--auth=scram-sha-256",
                "--pwfile=" + files.PasswordForInitdb, "--data-checksums",
            ];
            if (!durable) arguments.Add("--no-sync");
            made = await ChildProgram.Run(account, programs["initdb"], arguments, ct);
            if (made.ExitCode == 0) return;
            if (!made.Text.Contains("invalid locale", StringComparison.Ordinal)) break;
        }
        throw made.Text.Contains("ermission denied", StringComparison.Ordinal)
            ? EmbeddedServerException.Unreachable(files.Directory, account, made.Text)
            : EmbeddedServerException.NotCreated(files.Directory, made.Text);
    }

    Task<ProgramOutcome> Control(string[] arguments, CancellationToken ct) =>
        ChildProgram.Run(account, programs["pg_ctl"], ["-D", files.Cluster, "-w", .. arguments], ct);

    async Task PrepareLog(CancellationToken ct)
    {
        if (File.Exists(files.Log) && new FileInfo(files.Log).Length > LongestLogBytes) File.Move(files.Log, files.Log + ".old", overwrite: true);
        if (File.Exists(files.Log)) return;

        ServerFiles.WritePrivately(files.Log, "");
        await account.MakeOwner(ct, files.Log);
    }

    /// <summary>The last lines the server wrote, for a message.</summary>
    public string LogEnd() => string.Join('\n', File.ReadLines(files.Log).TakeLast(LogLines));
}
