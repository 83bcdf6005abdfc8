using Agents.Host.Catalog.Format;

namespace Agents.Host.Api.Catalog;

/// <summary>The JSON Schema of definitions. Editors fetch it, and have no key; it tells nothing of the server.</summary>
static class AgentSchema
{
    static readonly Lazy<string> Text = new(DefinitionFormat.Schema);

    public static void MapAgentSchema(this WebApplication app) =>
        app.MapGet("/schemas/agent.json", () => Results.Text(Text.Value, "application/schema+json")).AllowAnonymous().ExcludeFromDescription();
}
