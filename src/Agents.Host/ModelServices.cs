using Agents.Host.Catalog;
using Agents.Host.Knowledge;
using Agents.Host.Knowledge.Reading;
using Agents.Host.Models;
using Agents.Host.Models.Outputs;
using Agents.Host.Tools;

namespace Agents.Host;

/// <summary>What agents are made of: models, tools and the knowledge that they search.</summary>
static class ModelServices
{
    public static void AddModels(this WebApplicationBuilder builder, ModelProviders models, AgentOptions agents)
    {
        var services = builder.Services;
        services.AddSingleton(models);
        services.AddSingleton(agents);
        services.AddSingleton(_ => ModelClients.Create(models.Main));
        services.AddSingleton<ModelClients>();
        services.AddSingleton<Definitions>();
        services.AddSingleton<ToolBox>();
        services.AddSingleton<IDefinitionRule, GrantedToolsExist>();
        services.AddSingleton<IDefinitionRule, CodeStepsAreNotForModels>();
        services.AddSingleton<IDefinitionRule, ArgumentsAreTaken>();
        services.AddSingleton<IDefinitionRule, NamedModelsExist>();
        services.AddSingleton<IDefinitionRule, ParametersAreTaken>();
        services.AddSingleton<IDefinitionRule, SchemasAreUsable>();
        services.AddSingleton<PublishedAgents>();
        services.AddSingleton<AgentCatalog>();
        services.AddSingleton<AgentStore>();
        services.AddSingleton<AgentReader>();
        if (agents.Directory is not null) services.AddHostedService<AgentFolder>(); // before the server listens, after the database is set up
        services.AddSingleton(new KnowledgeLimits());
        services.AddSingleton<DocumentReaders>();
        services.AddSingleton<PassageIndex>();
        services.AddSingleton<Documents>();
        services.AddSingleton<Recalls>();
        services.AddSingleton<Ingest>();
    }
}
