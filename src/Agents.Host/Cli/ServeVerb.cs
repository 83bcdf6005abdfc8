using System.CommandLine;
using Agents.Host.Http;
using Agents.Host.Models;
using Agents.Host.Postgres;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Agents.Host.Cli;

/// <summary>Runs the server until it is stopped. Its arguments are settings, which ASP.NET reads itself.</summary>
public static class ServeVerb
{
    static readonly Option<string?> Urls = new("--urls")
    {
        Description = $"Where to listen, on this machine. Default {Server.DefaultUrl}", HelpName = "URL"
    };

    static readonly Option<string?> Folder = new("--agents")
    {
        Description = "A folder of definitions, pushed for all tenants at start and whenever a file changes.", HelpName = "DIR"
    };

    const string HostCategory = "Microsoft.Extensions.Hosting.Internal.Host";

    /// <summary>For the help only; the command line never goes through it.</summary>
    public static Command Create() => new("serve", "Runs the server (the default verb). Every setting may be given as --Section:Key=value.")
    {
        Urls, Folder,
    };

    public static async Task<int> Run(string[] args)
    {
        var hasStarted = false; // until then the host would log a failure as a stack trace, which ends as one line anyway
        var app = await Server.Build(
            args, adjust: builder => builder.Logging.AddFilter(HostCategory, level => hasStarted && level >= LogLevel.Warning));
        await using var database = app.Services.GetRequiredService<DatabaseConnection>();
        await using var ending = app;
        try
        {
            await app.StartAsync();
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            throw new VerbException(ExitCodes.Unreachable, await PortTaken.Message(app.Configuration["urls"]), e);
        }

        hasStarted = true;

        var address = AddressOf(app);
        var proof = app.Services.GetRequiredService<ServerProof>();
        if (address is not null) Announce(app, database, address, proof);
        try
        {
            await app.WaitForShutdownAsync();
        }
        finally
        {
            if (address is not null) ServerUrl.Remove(database.Directory, proof.Secret);
        }

        return ExitCodes.Ok;
    }

    /// <summary>Where it really listens; null for the server of a test, whose addresses mean nothing.</summary>
    static string? AddressOf(WebApplication app) =>
        app.Services.GetRequiredService<IServer>() is var server && server.GetType().Assembly == typeof(KestrelServerOptions).Assembly
        ? server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault()
        : null;

    static void Announce(WebApplication app, DatabaseConnection database, string address, ServerProof proof)
    {
        var models = app.Services.GetRequiredService<ModelProviders>();
        var named = models.All.Select(entry => $"{(entry is { Endpoint: null, Entry: null } ? entry.Default : entry)}").ToList();
        ServerUrl.Write(database.Directory, address, proof.Secret, database.Describe(), named);
        Console.WriteLine($"Agents       {address}");
        Console.WriteLine($"Database     {database.Describe()}");
        foreach (var model in named) Console.WriteLine($"Model        {model}");
        Console.WriteLine($"Pages        {address}/");
        Console.WriteLine($"Reference    {address}/reference");
        Console.WriteLine($"Readiness    {address}/health/ready");
        Console.WriteLine();
    }
}
