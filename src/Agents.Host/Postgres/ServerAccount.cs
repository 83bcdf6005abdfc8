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

    /// <summary>Proves that the account can reach these folders and programs; nothing to prove for our own.</summary>
    /// <exception cref="EmbeddedServerException">It cannot; with the folder that keeps it out.</exception>
    public async Task MustReach(CancellationToken ct, params string[] paths)
    {
        if (Name is null) return;

        foreach (var path in paths)
            if (!await MayEnter(path, ct)) throw EmbeddedServerException.Closed(this, path, await FirstClosed(path, ct));
    }

    /// <summary>Gives files to the account; nothing to do for our own.</summary>
    public async Task MakeOwner(CancellationToken ct, params string[] paths)
    {
        if (Name is null) return;

        var chown = await ChildProgram.Run(Ours, "chown", ["-h", Name, .. paths], ct);
        if (chown.ExitCode != 0) throw EmbeddedServerException.Refused("chown", chown.Text);
    }

    /// <summary>The uppermost folder on the way that is closed to the account, else the path itself.</summary>
    async Task<string> FirstClosed(string path, CancellationToken ct)
    {
        var way = new Stack<string>();
        for (var folder = Path.GetDirectoryName(path); folder is not null; folder = Path.GetDirectoryName(folder)) way.Push(folder);
        foreach (var folder in way)
            if (!await MayEnter(folder, ct)) return folder;
        return path;
    }

    /// <summary>Asked as the account itself: modes, owners, groups, access lists and mounts all count.</summary>
    async Task<bool> MayEnter(string path, CancellationToken ct)
    {
        try
        {
            return (await ChildProgram.Run(this, "test", ["-x", path], ct)).ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return true; // there is no such program to ask with; PostgreSQL's own will tell
        }
    }
}
