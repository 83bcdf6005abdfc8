namespace Agents.Host.Postgres;

/// <summary>The account that runs the server: our own, or, since PostgreSQL refuses to run as root, an unprivileged one.</summary>
/// <param name="Name">Null for our own.</param>
sealed record ServerAccount(string? Name)
{
    static readonly string[] Candidates = ["postgres", "_postgres", "nobody"];

    public static readonly ServerAccount Ours = new(Name: null);

    public bool IsOurs => Name is null;

    /// <exception cref="EmbeddedServerException">We are root and there is no account to hand over to.</exception>
    public static ServerAccount Find()
    {
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess) return Ours;

        var known = File.ReadLines("/etc/passwd").Select(line => line.Split(':')[0]).ToHashSet();
        return new ServerAccount(Candidates.FirstOrDefault(known.Contains) ?? throw EmbeddedServerException.NoAccount());
    }

    /// <summary>Gives files to the account; nothing to do for our own.</summary>
    public async Task TakeOver(CancellationToken ct, params string[] paths)
    {
        if (Name is null) return;

        var chown = await ChildProgram.Run(Ours, "chown", ["-h", Name, .. paths], ct);
        if (chown.ExitCode != 0) throw EmbeddedServerException.Refused("chown", chown.Text);
    }
}
