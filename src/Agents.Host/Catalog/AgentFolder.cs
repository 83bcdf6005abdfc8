using Agents.Host.Platform;

namespace Agents.Host.Catalog;

/// <summary>
/// Pushes the definitions of a folder for all tenants, at start and whenever a file has changed. A file that is wrong ends the start; later it is
/// logged, and what was read before stays: all are checked before one is taken.
/// </summary>
/// <remarks>
/// A version that was made live by hand since its file was read last stays so until the file is changed. What is no longer in the folder stays as it
/// is.
/// </remarks>
public sealed class AgentFolder(AgentOptions options, AgentCatalog catalog, AgentStore store, ILogger<AgentFolder> log) : BackgroundService
{
    /// <summary>How often it looks, should the system not tell of a change.</summary>
    static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    /// <summary>How long the files must stay as they are before they are read: one may be half written.</summary>
    static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(300);

    readonly Waker changed = new();
    string? taken; // the stamp of what was read last, good or bad
    string? told; // what was wrong when it was looked at last, so that it is logged once

    string Folder => options.Directory!;

    /// <exception cref="StartRefusedException">A definition is wrong; the message names file, line and reason.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            taken = AgentFiles.StampOf(Folder);
            await Take(cancellationToken);
        }
        catch (Exception e) when (e is BadAgentFileException or IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException(e.Message);
        }

        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var watcher = Watch();
        await Rounds.Forever("Reading agents", () => Look(stoppingToken), () => changed.Wait(Every, stoppingToken), log, stoppingToken);
    }

    async Task Look(CancellationToken ct)
    {
        var stamp = taken;
        try
        {
            stamp = AgentFiles.StampOf(Folder);
            if (stamp == taken)
            {
                told = null;
                return;
            }

            await Task.Delay(Quiet, ct);
            if (AgentFiles.StampOf(Folder) != stamp)
            {
                changed.Wake(); // still being written
                return;
            }

            await Take(ct);
            taken = AgentFiles.StampOf(Folder) == stamp ? stamp : null; // null: a file was changed while it was read
        }
        catch (Exception e) when (e is BadAgentFileException or IOException or UnauthorizedAccessException)
        {
            taken = stamp; // of before it was read: what is put right meanwhile is seen the next time
            if (told != e.Message) log.LogError("The agents of {Folder} stay as they were: {Reason}", Folder, e.Message);
            told = e.Message;
        }
    }

    /// <exception cref="BadAgentFileException">A definition is wrong; nothing was pushed.</exception>
    async Task Take(CancellationToken ct)
    {
        var files = await AgentFiles.Read(Folder, ct);
        var names = files.Select(file => file.Agent.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var file in files)
            if (file.Definition.With(await catalog.Problems(file.Agent, AgentStore.All, names, ct)).Mistakes is [var mistake, ..])
                throw AgentFiles.Bad(file.Path, mistake);

        var all = await store.Push(
            AgentStore.All,
            [.. files.Select(file => new NewVersion(file.Agent, file.Definition.HasVersion, AgentName.Live) { IsLoaded = true })], Actor.System, ct);
        if (all is [.., { IsRefused: true } refused]) throw Refusal(files[all.Count - 1], refused);
        foreach (var (file, pushed) in files.Zip(all))
            if (pushed.IsMoved) log.LogInformation("{Agent} is version {Version} now, from {File}", file.Agent.Name, pushed.Version, file.Path);
    }

    static BadAgentFileException Refusal(AgentFile file, Pushed refused) => new(refused.Outcome is PushOutcome.NumberTaken
        ? $"{file.Path}: version {file.Agent.Version} of {file.Agent.Name} is taken, with other content; the next one is {refused.Version}."
        : $"{file.Path}: there are too many agents, or versions of {file.Agent.Name}.");

    /// <summary>Null where the system cannot watch; then looking every other second is all.</summary>
    FileSystemWatcher? Watch()
    {
        try
        {
            var watcher = new FileSystemWatcher(Folder);
            watcher.Changed += (_, _) => changed.Wake();
            watcher.Created += (_, _) => changed.Wake();
            watcher.Renamed += (_, _) => changed.Wake();
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.LogWarning("{Folder} cannot be watched, so it is looked at every {Seconds} s: {Reason}", Folder, Every.TotalSeconds, e.Message);
            return null;
        }
    }
}
