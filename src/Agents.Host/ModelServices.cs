using Agents.Host.Catalog;
using Agents.Host.Knowledge;
using Agents.Host.Knowledge.Reading;
using Agents.Host.Models;
using Agents.Host.Tools;
using Microsoft.Extensions.AI;

namespace Agents.Host;

/// <summary>What agents are made of: models, tools and the knowledge that they search.</summary>
static class ModelServices
{
    public static void AddModels(this WebApplicationBuilder builder, ModelOptions models, AgentOptions agents)
    {
        var services = builder.Services;
        services.AddSingleton(models);
        services.AddSingleton(agents);
        services.AddSingleton(_ => ChatClients.Create(models).AsBuilder().UseOpenTelemetry().Build());
        services.AddSingleton<Definitions>();
        services.AddSingleton<ToolBox>();
        services.AddSingleton<IDefinitionRule, GrantedToolsExist>();
        services.AddSingleton<PublishedAgents>();
        services.AddSingleton<AgentCatalog>();
        services.AddSingleton<AgentStore>();
        services.AddSingleton<AgentReader>();
        if (agents.Directory is not null) services.AddHostedService<AgentFolder>(); // before the server listens, after the database is set up
        services.AddSingleton(new KnowledgeLimits());
        services.AddSingleton<DocumentReaders>();
        services.AddSingleton<PassageIndex>();
        services.AddSingleton<Documents>();
        services.AddSingleton<Ingest>();
    }
}
