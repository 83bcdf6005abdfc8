using System.CommandLine;
using Agents.Host.Audit;

namespace Agents.Host.Cli.Database;

/// <summary>Proves that the database is sound, or names what is not. Needs no server and starts none.</summary>
static class VerifyVerb
{
    static readonly Option<string?> Ledger = new("--ledger")
    {
        Description = "JSON lines of the requests a provider got, to hold against the facts.", HelpName = "FILE"
    };
    static readonly Option<string?> Tenant = new("--tenant") { Description = "Only this tenant's runs.", HelpName = "T" };

    public static Command Create(Verb verb) =>
        verb.Does(new("verify", "Checks that nothing was lost, done twice or spent unseen.") { Ledger, Tenant }, Run);

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        var ledger = call.Parsed.GetValue(Ledger);
        if (ledger is not null && !File.Exists(ledger)) throw new VerbException(ExitCodes.Usage, $"There is no file {ledger}.");

        await using var database = await CallDatabase.Open(call, ct);
        var report = await Verification.Run(
            database.ConnectionString, ledger, call.Parsed.GetValue(Tenant), ct) ?? throw CallDatabase.NothingThere(database.Describe());
        return CallDatabase.Print(call, report);
    }
}
