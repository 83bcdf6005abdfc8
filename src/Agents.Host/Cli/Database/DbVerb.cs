using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Agents.Host.Cli.Display;
using Agents.Host.Platform;
using Agents.Host.Postgres;
using Npgsql;

namespace Agents.Host.Cli.Database;

/// <summary>The embedded PostgreSQL of the data directory.</summary>
static class DbVerb
{
    static readonly Option<bool> Yes = new("--yes") { Description = "Deletes without asking." };
    static readonly Option<bool> Sql = new("--sql") { Description = "Prints the statements instead, for a superuser to run." };
    static readonly Argument<string[]> PsqlArguments = new("arguments")
    {
        Description = "For psql, after --: agents db psql -- -c \"select 1\"", Arity = ArgumentArity.ZeroOrMore
    };

    public static Command Create(Verb verb) => new("db", "The database: status, stop, psql, roles, reset.")
    {
        verb.Does(new("status", "Shows whether it runs, its version and size."), Status),
        verb.Does(new("stop", "Stops it, if no program uses it."), Stop),
        verb.Does(new("psql", "Opens psql on the database, the embedded one or your own.") { PsqlArguments }, Psql),
        verb.Does(new("roles", "Makes a role that owns the tables and one that cannot rewrite history, for the server.") { Sql }, Roles),
        verb.Does(new("reset", "Deletes all its data for good.") { Yes }, Reset),
    };

    static async Task<int> Status(Call call, CancellationToken ct)
    {
        var status = await EmbeddedServer.Status(call.Data, ct);
        if (call.IsJson)
        {
            call.Screen.Json(JsonSerializer.SerializeToElement(status, Answers.Format));
            return ExitCodes.Ok;
        }

        if (Settings.Of(call).GetConnectionString(DatabaseConnection.Name) is { Length: > 0 })
            call.Inform("ConnectionStrings__agents is set: the server uses that database, not the embedded one.");
        call.Screen.Line($"Directory  {Screen.Safe(status.Directory)}");
        call.Screen.Line($"State      {StateOf(status)}");
        if (status.Version is not null) call.Screen.Line($"Version    {status.Version}");
        if (status.SizeBytes > 0) call.Screen.Line($"Size       {Formats.Bytes(status.SizeBytes)}");
        call.Screen.Line(
            "Programs   " + (status.Programs is [var first, ..]
                ? Screen.Safe($"PostgreSQL {first.Version} in {first.Directory}")
                : "none found; they are downloaded when they are needed"));
        return ExitCodes.Ok;
    }

    static string StateOf(EmbeddedServerStatus status) => status.State switch
    {
        EmbeddedServerState.NotCreated => "not created yet; the first start makes it",
        EmbeddedServerState.Stopped => "stopped; it starts when it is needed",
        _ => $"running, process {status.ProcessId}",
    };

    static async Task<int> Stop(Call call, CancellationToken ct)
    {
        var wasRunning = await EmbeddedServer.Stop(call.Data, ct);
        if (call.IsJson) call.Screen.Json(JsonSerializer.SerializeToElement(new { Stopped = wasRunning }, Answers.Format));
        else call.Screen.Line(wasRunning ? "Stopped." : "It was not running.");
        return ExitCodes.Ok;
    }

    static async Task<int> Roles(Call call, CancellationToken ct)
    {
        if (call.Parsed.GetValue(Sql))
        {
            call.Screen.Output.WriteLine(DatabaseRoles.Script());
            return ExitCodes.Ok;
        }

        await using var database = await CallDatabase.Open(call, ct);
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(ct);
        try
        {
            await connection.Execute(DatabaseRoles.Script(), null, ct, RolesWithin);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new VerbException(ExitCodes.Failed, $"{e.MessageText}. Have a superuser run what this prints: agents db roles --sql");
        }

        if (call.IsJson)
            call.Screen.Json(JsonSerializer.SerializeToElement(
                new { owner = DatabaseRoles.Owner, application = DatabaseRoles.Application }, Answers.Format));
        else
            call.Screen.Line($"{DatabaseRoles.Owner} owns the tables; {DatabaseRoles.Application} cannot rewrite history. Make logins: "
                + $"create role agents_server login password '…' in role {DatabaseRoles.Application}");
        return ExitCodes.Ok;
    }

    static readonly TimeSpan RolesWithin = TimeSpan.FromMinutes(1);

    static async Task<int> Reset(Call call, CancellationToken ct)
    {
        if (!call.Parsed.GetValue(Yes) && !IsConfirmed(call)) return ExitCodes.Usage;

        await EmbeddedServer.Reset(call.Data, ct);
        if (call.IsJson) call.Screen.Json(JsonSerializer.SerializeToElement(new { Deleted = call.Data }, Answers.Format));
        else call.Screen.Line("Deleted. The next start makes an empty database.");
        return ExitCodes.Ok;
    }

    static bool IsConfirmed(Call call)
    {
        if (Console.IsInputRedirected || call.IsJson)
            throw new VerbException(ExitCodes.Usage, $"This deletes all runs, documents and costs in {call.Data}. To do it: agents db reset --yes");

        call.Screen.Inform($"This deletes all runs, documents and costs in {call.Data} for good. Type yes to do it:");
        return Console.ReadLine()?.Trim() is "yes";
    }

    /// <summary>Ctrl-C is psql's own; it ends when its person says so.</summary>
    static async Task<int> Psql(Call call, CancellationToken ct)
    {
        await using var database = await DatabaseConnection.Find(Settings.Of(call), call.Data, needsDatabase: true);
        var start = new ProcessStartInfo(ProgramIn(database.Embedded?.Programs), call.Parsed.GetValue(PsqlArguments) ?? []);
        foreach (var (name, value) in PsqlSettings.Of(database.ConnectionString)) start.Environment[name] = value;
        try
        {
            using var psql = Process.Start(start)!;
            await psql.WaitForExitAsync(CancellationToken.None);
            return psql.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new VerbException(ExitCodes.Unreachable, "psql is not installed. On Debian and Ubuntu: apt-get install postgresql-client", e);
        }
    }

    static string ProgramIn(string? directory)
    {
        var name = ServerPrograms.FileName("psql");
        return directory is not null && File.Exists(Path.Combine(directory, name)) ? Path.Combine(directory, name) : name;
    }
}
