namespace Agents.Host.Knowledge;

/// <summary>A file to read.</summary>
/// <param name="Label">What citations call it.</param>
/// <param name="Refusal">Why it is not opened; null when it may be.</param>
sealed record SourceFile(string Path, string Label, string? Refusal = null)
{
    /// <summary>The files below a folder by path, without hidden ones and without what a link would reach outside the folder.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public static IEnumerable<SourceFile> Below(string folder, int most)
    {
        var root = RealPath(new DirectoryInfo(folder).FullName);
        if (!Directory.Exists(root)) throw new DirectoryNotFoundException($"There is no folder {folder}.");

        return Walk(new DirectoryInfo(root), root).Take(most);
    }

    // Linked folders are never entered, so the walk ends even where links form a ring.
    static IEnumerable<SourceFile> Walk(DirectoryInfo folder, string root)
    {
        foreach (var entry in Entries(folder))
        {
            if (entry.Name.StartsWith('.') || entry.Attributes.HasFlag(FileAttributes.Hidden)) continue;

            var label = System.IO.Path.GetRelativePath(root, entry.FullName).Replace(System.IO.Path.DirectorySeparatorChar, '/');
            if (entry is DirectoryInfo inner && entry.LinkTarget is null)
            {
                foreach (var file in Walk(inner, root)) yield return file;
            }
            else if (entry.LinkTarget is not null)
            {
                yield return Linked(entry, label, root);
            }
            else
            {
                yield return new SourceFile(entry.FullName, label, IsRegular(entry) ? null : "not a regular file");
            }
        }
    }

    static SourceFile Linked(FileSystemInfo link, string label, string root)
    {
        var target = RealPath(link.FullName);
        if (!target.StartsWith(root.TrimEnd(System.IO.Path.DirectorySeparatorChar) + System.IO.Path.DirectorySeparatorChar, StringComparison.Ordinal))
            return new SourceFile(link.FullName, label, "a link that leads out of the folder");
        return System.IO.File.Exists(target) && IsRegular(new FileInfo(target))
            ? new SourceFile(target, label)
            : new SourceFile(link.FullName, label, "a link that does not lead to a file");
    }

    static FileSystemInfo[] Entries(DirectoryInfo folder)
    {
        try
        {
            return folder.EnumerateFileSystemInfos().OrderBy(entry => entry.Name, StringComparer.Ordinal).ToArray();
        }
        catch (UnauthorizedAccessException)
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

    // Pipes, sockets and devices would block or never end.
    static bool IsRegular(FileSystemInfo file) =>
        OperatingSystem.IsWindows() || (file.Attributes & (FileAttributes.Device | FileAttributes.Directory)) == 0;
}
