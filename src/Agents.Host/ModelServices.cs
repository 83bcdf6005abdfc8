using Agents.Host.Catalog;
using Agents.Host.Knowledge;
using Agents.Host.Knowledge.Reading;
using Agents.Host.Models;
using Agents.Host.Models.Outputs;
using Agents.Host.Tools;
using Microsoft.Extensions.AI;

namespace Agents.Host;

/// <summary>What agents are made of: models, tools and the knowledge that they search.</summary>
static class ModelServices
{
    public static void AddModels(this WebApplicationBuilder builder, ModelOptions models)
    {
        var services = builder.Services;
        services.AddSingleton(models);
        services.AddSingleton(_ => ChatClients.Create(models).AsBuilder().UseOpenTelemetry().Build());
        services.AddSingleton<Definitions>();
        services.AddSingleton<ToolBox>();
        services.AddSingleton<IDefinitionRule, GrantedToolsExist>();
        services.AddSingleton<IDefinitionRule, ParametersAreTaken>();
        services.AddSingleton<IDefinitionRule, SchemasAreUsable>();
        services.AddSingleton<AgentCatalog>();
        services.AddSingleton(new KnowledgeLimits());
        services.AddSingleton<DocumentReaders>();
        services.AddSingleton<PassageIndex>();
        services.AddSingleton<Documents>();
        services.AddSingleton<Ingest>();
    }
}
