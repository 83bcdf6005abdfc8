using System.Reflection;
using System.Xml.Linq;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Scalar.AspNetCore;

namespace Agents.Host.Http;

/// <summary>The OpenAPI document, and a page that shows it. Both are served from here; the page loads nothing from another server.</summary>
public static class Reference
{
    /// <summary>The first part of a path, in the order of the page; the last one takes what fits no other.</summary>
    static readonly string[] Groups = ["Runs", "Threads", "V1", "Agents", "Documents", "Search", "Passages", "Costs", "Stream", "Other"];

    public static void AddReference(this IServiceCollection services) => services.AddOpenApi(options =>
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Tags = new HashSet<OpenApiTag>(Groups.Select(group => new OpenApiTag { Name = group }));
            document.Info = new()
            {
                Title = "Agents", Version = VersionOf(Assembly.GetExecutingAssembly()), Description = "Retrieval agents, durable on one PostgreSQL."
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            Describe(operation, context);
            return Task.CompletedTask;
        });
    });

    public static void MapReference(this WebApplication app)
    {
        app.MapOpenApi().RequireAuthorization(Permissions.Read);
        app.MapScalarApiReference("/reference", page => page
            .WithTitle("Agents").DisableTelemetry().DisableAgent().DisableMcp().HideDeveloperTools().HideClientButton())
            .RequireAuthorization(Permissions.Read);
    }

    /// <summary>Grouped by what they are about; the summary is the one in the code, which Wolverine's tag leads to.</summary>
    static void Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        if (operation.Tags?.FirstOrDefault()?.Name is { } endpoint) operation.Summary = Summaries.Value.GetValueOrDefault(endpoint);
        var about = context.Description.RelativePath?.Split('/', '?')[0] ?? "";
        var group = Groups.FirstOrDefault(name => name.Equals(about, StringComparison.OrdinalIgnoreCase)) ?? Groups[^1];
        operation.Tags = new HashSet<OpenApiTagReference> { new(group, context.Document) };
    }

    static readonly Lazy<IReadOnlyDictionary<string, string>> Summaries = new(() =>
    {
        var file = Path.ChangeExtension(Assembly.GetExecutingAssembly().Location, ".xml");
        if (!File.Exists(file)) return new Dictionary<string, string>();

        return XDocument.Load(file).Descendants("member")
            .Where(member => member.Attribute("name")?.Value.StartsWith(
                "T:", StringComparison.Ordinal) is true && member.Element("summary") is not null)
            .ToDictionary(member => member.Attribute("name")!.Value[2..], member => OneLine(member.Element("summary")!.Value));
    });

    static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    static string VersionOf(Assembly assembly) => assembly.GetName().Version!.ToString(3);
}
