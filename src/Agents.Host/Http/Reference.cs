using Scalar.AspNetCore;

namespace Agents.Host.Http;

/// <summary>The OpenAPI document, and a page that shows it. Both are served from here; the page loads nothing from another server.</summary>
public static class Reference
{
    public static void AddReference(this IServiceCollection services) => services.AddOpenApi(options =>
    {
        options.CreateSchemaReferenceId = ApiDescription.ComponentOf;
        options.AddDocumentTransformer((document, _, _) => ApiDescription.Describe(document));
        options.AddOperationTransformer(ApiDescription.Describe);
        options.AddSchemaTransformer((schema, context, _) => ApiDescription.Describe(schema, context));
    });

    public static void MapReference(this WebApplication app)
    {
        app.MapOpenApi().RequireAuthorization(Permissions.Read);
        app.MapScalarApiReference("/reference", page => page
            .WithTitle("Agents").DisableTelemetry().DisableAgent().DisableMcp().HideDeveloperTools().HideClientButton())
            .RequireAuthorization(Permissions.Read);
    }
}
