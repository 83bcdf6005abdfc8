using System.Text.Json;
using Agents.Host.Api.Runs;
using Agents.Host.Platform;

namespace Agents.Host.Cli;

/// <summary>How the client reads what the server sends: like the API writes it, but a newer server may say more.</summary>
static class Answers
{
    public static readonly JsonSerializerOptions Format = Tolerant();

    public static T As<T>(this JsonElement document) => document.Deserialize<T>(Format)
        ?? throw new VerbException(ExitCodes.Failed, "The server's answer is empty.");

    public static RunView AsRun(this JsonElement document) => document.As<RunView>();

    static JsonSerializerOptions Tolerant()
    {
        var format = JsonFormat.Configure(new JsonSerializerOptions(JsonSerializerDefaults.Web));
        format.UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Skip;
        return format;
    }
}
