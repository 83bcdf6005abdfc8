using Agents.Host.Platform;

namespace Agents.Host.Knowledge;

/// <summary>A file to read.</summary>
/// <param name="Label">What citations call it.</param>
/// <param name="Refusal">Why it is not opened; null when it may be.</param>
sealed record SourceFile(string Path, string Label, string? Refusal = null)
{
    const string NoFile = "a link that does not lead to a file";

    /// <summary>A file that was named by itself.</summary>
    public static SourceFile At(string path) =>
        new(System.IO.Path.GetFullPath(path), System.IO.Path.GetFileName(path), IsDeadLink(path) ? NoFile : null);

    /// <summary>Whether the path names something that is not there because it is a link to nothing, such as one to itself.</summary>
    public static bool IsDeadLink(string path)
    {
        if (new FileInfo(path).LinkTarget is null) return false;

        var target = RealPath(System.IO.Path.GetFullPath(path));
        // A link exists whether what it leads to does or not; what is still one leads round in a ring.
        return new FileInfo(target).LinkTarget is not null || (!System.IO.File.Exists(target) && !Directory.Exists(target));
    }

    /// <summary>The files below a folder by path, without hidden ones and without what a link would reach outside the folder.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public static IEnumerable<SourceFile> Below(string folder, int most)
    {
        var root = RealPath(new DirectoryInfo(folder).FullName);
        if (!Directory.Exists(root)) throw new DirectoryNotFoundException($"There is no folder {folder}.");

        return Walk(new DirectoryInfo(root), root).Take(most);
    }

    /// <summary>Opens the file without waiting: a pipe whose other end is closed would hold its reader for ever.</summary>
    /// <returns>The content, or why there is none.</returns>
    public (FileStream? Content, string Refusal) Open()
    {
        if (Refusal is not null) return (null, Refusal);

        try
        {
            return RegularFile.IsPipe(Path) ? (null, RegularFile.NotRegular) : (RegularFile.Open(Path), "");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return (null, "cannot be opened");
        }
    }

    // Linked folders are never entered, so the walk ends even where links form a ring.
    static IEnumerable<SourceFile> Walk(DirectoryInfo folder, string root)
    {
        foreach (var entry in Entries(folder))
        {
            var label = System.IO.Path.GetRelativePath(root, entry.FullName).Replace(System.IO.Path.DirectorySeparatorChar, '/');
            if (entry.Name.StartsWith('.')) continue;
            if (!IsNamedInUtf8(entry))
            {
                yield return new SourceFile(entry.FullName, label, "its name is not UTF-8");
                continue;
            }

            if (entry.Attributes.HasFlag(FileAttributes.Hidden)) continue;
            if (entry is DirectoryInfo inner && entry.LinkTarget is null)
            {
                foreach (var file in Walk(inner, root)) yield return file;
            }
            else
            {
                yield return entry.LinkTarget is null ? new SourceFile(entry.FullName, label) : Linked(entry, label, root);
            }
        }
    }

    // Bytes that are no UTF-8 are shown as replacement characters, by which the file is not found.
    static bool IsNamedInUtf8(FileSystemInfo entry) =>
        !entry.Name.Contains('\uFFFD') || System.IO.File.Exists(entry.FullName) || Directory.Exists(entry.FullName);

    static SourceFile Linked(FileSystemInfo link, string label, string root)
    {
        var target = RealPath(link.FullName);
        if (!target.StartsWith(root.TrimEnd(System.IO.Path.DirectorySeparatorChar) + System.IO.Path.DirectorySeparatorChar, StringComparison.Ordinal))
            return new SourceFile(link.FullName, label, "a link that leads out of the folder");
        return System.IO.File.Exists(target) && !IsDeadLink(link.FullName)
            ? new SourceFile(target, label)
            : new SourceFile(link.FullName, label, NoFile);
    }

    static FileSystemInfo[] Entries(DirectoryInfo folder)
    {
        try
        {
            return folder.EnumerateFileSystemInfos().OrderBy(entry => entry.Name, StringComparer.Ordinal).ToArray();
        }
        catch (Exception unreadable) when (unreadable is UnauthorizedAccessException or IOException)
        {
            return [];
        }
    }

    /// <summary>The path with the links in all of its parts resolved.</summary>
    static string RealPath(string path)
    {
        const int mostLinks = 40;
        var real = System.IO.Path.GetPathRoot(path)!;
        var left = new Stack<string>(Parts(path[real.Length..]).Reverse());
        for (var links = 0; left.TryPop(out var part);)
        {
            if (part == "..") { real = System.IO.Path.GetDirectoryName(real) ?? real; continue; }
            var next = System.IO.Path.Combine(real, part);
            var target = part == "." ? null : new FileInfo(next).LinkTarget;
            if (target is null) { real = part == "." ? real : next; continue; }
            if (++links > mostLinks) return next;
            if (System.IO.Path.IsPathRooted(target)) real = System.IO.Path.GetPathRoot(target)!;
            foreach (var step in Parts(target[(System.IO.Path.GetPathRoot(target)?.Length ?? 0)..]).Reverse()) left.Push(step);
        }

        return real;
    }

    static string[] Parts(string path) => path.Split(System.IO.Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);
}
