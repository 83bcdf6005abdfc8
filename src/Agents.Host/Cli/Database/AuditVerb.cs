using System.CommandLine;
using System.Text.Json;
using Agents.Host.Audit;
using Agents.Host.Cli.Display;
using Agents.Host.Engine.Evidence;

namespace Agents.Host.Cli.Database;

/// <summary>Evidence: whether stored facts were changed, a file that proves runs to others, and the key that signs checkpoints.</summary>
static class AuditVerb
{
    const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    static readonly Argument<string?> Pack = new("file")
    {
        Description = "An evidence pack, proven by itself. Without it the database is.", Arity = ArgumentArity.ZeroOrOne,
    };
    static readonly Option<string?> Tenant = new("--tenant") { Description = "Only this tenant's runs.", HelpName = "T" };
    static readonly Option<string?> Witness = new("--witness") { Description = "A witness file, to hold against the checkpoints.", HelpName = "FILE" };
    static readonly Option<string[]> PublicKeys = new("--public-key")
    {
        Description = "A public key, in Base64, that may have signed; others are refused.", HelpName = "KEY",
    };
    static readonly Option<string[]> Runs = new("--run") { Description = "A run, by its whole id; may be given several times.", HelpName = "ID" };
    static readonly Option<DateTimeOffset?> Since = SinceOption.Create("All runs queued since then, such as 2026-11-01.");
    static readonly Option<string> Out = new("--out") { Description = "Where to write it; must not be there yet.", HelpName = "FILE", Required = true };
    static readonly Argument<string> KeyFile = new("file") { Description = "Where to write the key; must not be there yet." };

    public static Command Create(Verb verb)
    {
        var export = new Command("export", "Writes a file that proves runs without the database.") { Runs, Since, Tenant, Out };
        export.Validators.Add(parsed =>
        {
            var isByRun = parsed.GetResult(Runs)?.Tokens.Count > 0;
            if (isByRun == (parsed.GetResult(Since) is not null)) parsed.AddError("Say which runs: --run ID, or --since TIME.");
            if (parsed.GetValue(Runs)?.FirstOrDefault(run => !Guid.TryParse(run, out _)) is { } wrong) parsed.AddError($"'{wrong}' is no id of a run.");
        });
        return new("audit", "Proves that stored facts were not changed, and exports evidence.")
        {
            verb.Does(new("verify", "Holds facts against hash chains and signed checkpoints.") { Pack, Tenant, Witness, PublicKeys }, Verify),
            verb.Does(export, Export),
            verb.Does(new("key", "Makes a key that signs checkpoints.") { KeyFile }, MakeKey),
        };
    }

    static async Task<int> Verify(Call call, CancellationToken ct)
    {
        var trusted = KeysOf(call.Parsed.GetValue(PublicKeys) ?? []);
        if (call.Parsed.GetValue(Pack) is { } file)
        {
            try
            {
                return CallDatabase.Print(call, EvidencePack.Check(await File.ReadAllBytesAsync(file, ct), trusted));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                throw new VerbException(ExitCodes.Usage, $"{file}: {e.Message}");
            }
        }

        var witness = call.Parsed.GetValue(Witness);
        if (witness is not null && !File.Exists(witness)) throw new VerbException(ExitCodes.Usage, $"There is no file {witness}.");

        await using var database = await CallDatabase.Open(call, ct);
        var report = await EvidenceCheck.Run(
            database.ConnectionString, call.Parsed.GetValue(Tenant), trusted, witness is null ? null : await File.ReadAllLinesAsync(witness, ct), ct)
            ?? throw CallDatabase.NothingThere(database.Describe());
        return CallDatabase.Print(call, report);
    }

    static async Task<int> Export(Call call, CancellationToken ct)
    {
        var (path, runs) = (call.Parsed.GetValue(Out)!, call.Parsed.GetValue(Runs));
        await using var database = await CallDatabase.Open(call, ct);
        var file = Create(path);
        int count;
        try
        {
            await using (file)
                count = await EvidencePack.Write(
                    database.ConnectionString, runs is { Length: > 0 } ? [.. runs.Select(Guid.Parse)] : null, call.Parsed.GetValue(Since),
                    call.Parsed.GetValue(Tenant), file, ct) ?? throw CallDatabase.NothingThere(database.Describe());
            if (count == 0) throw new VerbException(ExitCodes.NothingFound, "No run fits; nothing was written.");
        }
        catch
        {
            File.Delete(path);
            throw;
        }

        if (call.IsJson) call.Screen.Json(JsonSerializer.SerializeToElement(new { file = path, runs = count }, Answers.Format));
        else call.Screen.Line($"{Formats.Count(count, "run")} in {Screen.Safe(path)}. Prove it anywhere with: agents audit verify {Screen.Safe(path)}");
        return ExitCodes.Ok;
    }

    static async Task<int> MakeKey(Call call, CancellationToken ct)
    {
        var (path, written) = (call.Parsed.GetValue(KeyFile)!, SigningKey.Create());
        await using (var file = Create(path)) await file.WriteAsync(System.Text.Encoding.ASCII.GetBytes(written + "\n"), ct);
        var key = SigningKey.Parse(written)!;
        var publicKey = Convert.ToBase64String(key.PublicKey);
        if (call.IsJson) call.Screen.Json(JsonSerializer.SerializeToElement(new { file = path, key.Id, publicKey }, Answers.Format));
        else
        {
            call.Screen.Line($"Key {key.Id} is in {Screen.Safe(path)}. Give it to the server: Evidence__KeyFile={Screen.Safe(path)}");
            call.Screen.Line($"Give the public key to who is to prove: {publicKey}");
        }

        return ExitCodes.Ok;
    }

    /// <summary>A new file that only its owner may read.</summary>
    static FileStream Create(string path)
    {
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
            return new(path, options);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VerbException(ExitCodes.Usage, $"{path} cannot be written: {e.Message}");
        }
    }

    /// <summary>Null when none was given.</summary>
    static Dictionary<string, byte[]>? KeysOf(IReadOnlyCollection<string> written)
    {
        if (written.Count == 0) return null;

        var keys = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var one in written)
        {
            var key = SigningKey.BytesOf(one) ?? throw new VerbException(ExitCodes.Usage, $"'{one}' is no public key: it has 32 bytes in Base64.");
            keys[SigningKey.IdOf(key)] = key;
        }

        return keys;
    }
}
