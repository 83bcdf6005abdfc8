namespace Agents.Host.Postgres;

/// <summary>The embedded server cannot do what was asked. The message says what a person can do about it.</summary>
public sealed class EmbeddedServerException : Exception
{
    const string OwnServer = "set ConnectionStrings__agents to use a PostgreSQL of your own";

    EmbeddedServerException(string message, Exception? cause = null) : base(message, cause) { }

    internal static EmbeddedServerException NoPrograms(IReadOnlyList<string> searched, string? download) => new(
        $"""
        No PostgreSQL server programs (version {ServerPrograms.OldestMajor} or newer) were found, and {download}. Do one of these:
          - install them: 'apt-get install postgresql' (Debian, Ubuntu), 'dnf install postgresql-server' (Fedora), 'apk add postgresql' (Alpine),
            'brew install postgresql@17' (macOS);
          - name the bin directory they are in: {ProgramDirectories.Variable};
          - start PostgreSQL in a container with 'docker compose -f docker-compose.postgres.yml up -d', and set
            ConnectionStrings__agents to 'Host=127.0.0.1;Username=agents;Password=agents;Database=agents'.
        Looked in: {string.Join(Path.PathSeparator, searched)}
        """);

    internal static EmbeddedServerException WrongMajor(
        string directory, int wanted, IReadOnlyList<ServerPrograms> installed, string? download) => new(
        $"""
        The data in {directory} was made by PostgreSQL {wanted}. Found here: {Listed(installed)}; and {download}. Do one of these:
          - install PostgreSQL {wanted} beside what there is, or name its bin directory in {ProgramDirectories.Variable};
          - set AGENTS_DATA to another directory to begin an empty database there;
          - delete the data for good: 'agents db reset'.
        """);

    internal static EmbeddedServerException NoAccount() => new(
        $"PostgreSQL refuses to run as root, and there is no account 'postgres' or 'nobody' to run it as. Create one with 'useradd " +
        $"--system postgres', start as another user, or {OwnServer}.");

    internal static EmbeddedServerException NotWritable(string directory, Exception cause) => new(
        $"Cannot write to {directory}: {cause.Message} Set AGENTS_DATA to a directory of yours, or {OwnServer}.", cause);

    internal static EmbeddedServerException Unreachable(string directory, ServerAccount account, string said) => new(
        $"PostgreSQL runs as the account '{account.Name ?? Environment.UserName}', which cannot get at {directory}. Set AGENTS_DATA to " +
        $"a directory that others may pass through, such as one below /var/lib. It said:\n{said}");

    /// <param name="path">What the account needs: a folder or a program.</param>
    /// <param name="closed">The folder above it that keeps the account out, or the path itself.</param>
    internal static EmbeddedServerException Closed(ServerAccount account, string path, string closed) => new(
        $"PostgreSQL runs as the account '{account.Name}', which must reach {path}, but {closed} is closed to it. Open it with " +
        $"'chmod o+x {closed}'; or set AGENTS_DATA to a directory that others may pass through, such as one below /var/lib, and " +
        $"{ProgramDirectories.Variable} to programs that others may run; or {OwnServer}.");

    internal static EmbeddedServerException PathTooLong(string directory, int longest) => new(
        $"The path of {directory} is too long for PostgreSQL, which takes {longest} bytes of it. Set AGENTS_DATA to a directory with a shorter " +
        $"path.");

    internal static EmbeddedServerException PasswordLost(string file, string directory) => new(
        $"There is data in {directory}, but its password file {file} is gone. Restore that file from a backup, or delete the data for " +
        $"good: 'agents db reset'.");

    internal static EmbeddedServerException PasswordRefused(string directory) => new(
        $"The server of {directory} refuses the password in {Path.Combine(directory, "postgres", "password")}. Restore that file, or " +
        $"write there the password you gave the user '{ServerCluster.User}'.");

    internal static EmbeddedServerException SocketTaken(string socket, Exception? cause) => new(
        $"Cannot use {socket} as the directory of the server's socket: {cause?.Message ?? "it is a link."} Remove it if no program uses " +
        $"it, or set AGENTS_DATA to a directory with a shorter path.", cause);

    internal static EmbeddedServerException NoPort() => new(
        $"No free TCP port on 127.0.0.1. End some programs, or {OwnServer}.");

    internal static EmbeddedServerException Busy(string directory, TimeSpan waited) => new(
        $"Another process has been starting or stopping the server of {directory} for {waited.TotalSeconds:0} s. Wait for it, or end it.");

    internal static EmbeddedServerException InUse(string directory) => new(
        $"The server of {directory} is in use by another process of Agents. Stop that one first; the last one out stops the server.");

    internal static EmbeddedServerException Silent(string directory, int process, TimeSpan waited) => new(
        $"A PostgreSQL server (process {process}) holds {directory} but has not answered for {waited.TotalSeconds:0} s. See " +
        $"{Path.Combine(directory, "postgres", "postgres.log")}; end that process if it hangs.");

    internal static EmbeddedServerException Refused(string program, string said) => new($"{program} failed:\n{said}");

    /// <param name="log">The end of postgres.log, where the reason is.</param>
    internal static EmbeddedServerException NotStarted(string directory, string said, string log) => new(
        $"PostgreSQL did not start in {directory}{Advice(said + log)}. It said:\n{said}\nThe end of " +
        $"{Path.Combine(directory, "postgres", "postgres.log")}:\n{log}");

    internal static EmbeddedServerException NotCreated(string directory, string said) => new(
        $"initdb could not make a cluster in {directory}{Advice(said)}. It said:\n{said}");

    static string Advice(string said)
    {
        if (Says("No space left on device") || Says("Check free disk space"))
            return ": the disk is full. Free some space, or set AGENTS_DATA to a directory on another disk";
        if (Says("wrong ownership") || Says("could not open PID file")) // the server finds that it is not its own, or pg_ctl may not even look
            return ": its files belong to another account. Start Agents as that account, give the files with 'chown -R' to the account that " +
                "PostgreSQL runs as, or set AGENTS_DATA to another directory";
        return "";

        bool Says(string words) => said.Contains(words, StringComparison.Ordinal);
    }

    static string Listed(IReadOnlyList<ServerPrograms> installed) => installed.Count == 0
        ? "no server programs"
        : string.Join(", ", installed.Select(programs => $"PostgreSQL {programs.Major} in {programs.Directory}"));
}
