using System.CommandLine;
using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Cli.Display;
using Agents.Host.Http;
using Agents.Host.Platform;
using Agents.Host.Postgres;
using Npgsql;

namespace Agents.Host.Cli.Database;

/// <summary>API keys. Works on the database itself: an operator who has the database needs no key, and cannot be locked out.</summary>
static class KeysVerb
{
    const int NameCharacters = 100;

    const int MostDays = 3650;

    static readonly Option<string> Tenant = new("--tenant")
    {
        Description = "Whose runs and documents it opens.", HelpName = "T", DefaultValueFactory = _ => Tenants.Default
    };
    static readonly Option<string> Role = new("--role") { Description = string.Join(", ", Roles.All) + ".", HelpName = "R", Required = true };
    static readonly Option<string> Name = new("--name")
    {
        Description = "Who or what it is for; facts name it.", HelpName = "N", DefaultValueFactory = _ => ""
    };
    static readonly Option<int?> Days = new("--days") { Description = "Days after which it expires. Never, when nothing is said.", HelpName = "N" };
    static readonly Argument<string> Id = new("id") { Description = "As keys list shows it." };

    public static Command Create(Verb verb) => verb.Lists(
        new("keys", "Lists API keys, without the keys themselves; makes and revokes them."), List,
        verb.Does(new("create", "Makes a key and shows it, once.") { Tenant, Role, Name, Days }, Create),
        verb.Does(new Command("revoke", "Makes a key open nothing, within five seconds.") { Id }.Also("remove"), Revoke));

    static Task<int> Create(Call call, CancellationToken ct) => With(call, async keys =>
    {
        var (tenant, role) = (call.Parsed.GetValue(Tenant)!, call.Parsed.GetValue(Role)!);
        if (!ApiKey.IsTenant(tenant)) throw Wrong($"A tenant has 1 to 64 of a-z, 0-9, dot, hyphen and underscore; \"{tenant}\" has not.");
        if (!Roles.All.Contains(role)) throw Wrong($"A role is one of: {string.Join(", ", Roles.All)}.");

        var days = call.Parsed.GetValue(Days);
        if (days is < 1 or > MostDays) throw Wrong(FormattableString.Invariant($"A key lasts 1 to {MostDays:N0} days."));

        var name = Sanitiser.Text(call.Parsed.GetValue(Name) ?? "", NameCharacters);
        var (secret, key) = await keys.Create(tenant, role, name, ct, days is { } many ? TimeSpan.FromDays(many) : null);
        if (call.IsJson)
        {
            call.Screen.Json(JsonSerializer.SerializeToElement(
                new { Key = secret, key.Id, key.Tenant, key.Role, key.Name, key.CreatedAt, key.ExpiresAt }, Answers.Format));
            return ExitCodes.Ok;
        }

        call.Screen.Line(Screen.Safe(secret));
        call.Inform($"Key {key.Id} for the tenant {key.Tenant}, {key.Role}. It is not shown again. Use it: export AGENTS_KEY=…");
        return ExitCodes.Ok;
    }, ct);

    static Task<int> List(Call call, CancellationToken ct) => With(call, async keys =>
    {
        var all = await keys.List(ct);
        if (call.IsJson) call.Screen.Json(JsonSerializer.SerializeToElement(new Page<ApiKey>(all, null), Answers.Format));
        else if (all.Count == 0) call.Inform("There are no keys: this machine's own address is open. Make one: agents keys create --role operator");
        else Table.Print(call.Screen, ["id", "tenant", "role", "*name", "-created", "-by", "-last used", "state"], [.. all.Select(Row)]);
        return ExitCodes.Ok;
    }, ct);

    static Task<int> Revoke(Call call, CancellationToken ct) => With(call, async keys =>
    {
        var id = call.Parsed.GetValue(Id)!;
        if (!await keys.Revoke(id, ct)) throw new VerbException(ExitCodes.NothingFound, $"There is no key {id}. See: agents keys list");
        if (call.IsJson) call.Screen.Json(JsonSerializer.SerializeToElement(new { Revoked = id }, Answers.Format));
        else call.Screen.Line($"Key {Screen.Safe(id)} opens nothing any more.");
        return ExitCodes.Ok;
    }, ct);

    static string[] Row(ApiKey key) =>
    [
        key.Id, key.Tenant, key.Role, Screen.Clip(key.Name, 40), Formats.Time(key.CreatedAt), key.CreatedBy ?? "",
        key.LastUsedAt is { } used ? Formats.Time(used) : "never", StateOf(key),
    ];

    static string StateOf(ApiKey key) => key switch
    {
        { RevokedAt: { } at } => $"revoked {Formats.Time(at)}{(key.RevokedBy is { } by ? $" by {by}" : "")}",
        { ExpiresAt: { } at } when at <= DateTimeOffset.UtcNow => $"expired {Formats.Time(at)}",
        { ExpiresAt: { } at } => $"good until {Formats.Time(at)}",
        _ => "good",
    };

    static async Task<int> With(Call call, Func<KeyStore, Task<int>> act, CancellationToken ct)
    {
        await using var connection = await DatabaseConnection.Find(Settings.Of(call), call.Data, needsDatabase: true);
        await using var database = NpgsqlDataSource.Create(connection.ConnectionString);
        var keys = new KeyStore(database);
        await keys.Prepare(ct);
        return await act(keys);
    }

    static VerbException Wrong(string message) => new(ExitCodes.Usage, message);
}
