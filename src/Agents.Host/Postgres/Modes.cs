namespace Agents.Host.Postgres;

/// <summary>Rights on files and directories.</summary>
static class Modes
{
    /// <summary>0700: the owner only.</summary>
    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>0711: others may pass through, and see nothing.</summary>
    public const UnixFileMode Passage = Private | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>0644: all may read.</summary>
    public const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
}
