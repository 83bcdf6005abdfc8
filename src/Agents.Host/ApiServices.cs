using Agents.Host.Api;
using Agents.Host.Api.Batches;
using Agents.Host.Api.Catalog;
using Agents.Host.Api.Knowledge;
using Agents.Host.Api.Responses;
using Agents.Host.Api.Runs;
using Agents.Host.Api.WhatIfs;
using Agents.Host.Engine.Telemetry;
using Agents.Host.Http;
using Agents.Host.Platform;
using Wolverine.Http;

namespace Agents.Host;

/// <summary>What callers reach over HTTP.</summary>
static class ApiServices
{
    public static void AddApi(this WebApplicationBuilder builder, CallerOptions callers)
    {
        var services = builder.Services;
        services.AddHealth();
        services.AddProblems();
        services.AddResponseCompression(compression => // of JSON alone: streams are sent piece by piece, and the pages are compressed already
        {
            compression.MimeTypes = ["application/json", "application/problem+json"];
            compression.EnableForHttps = true; // keys are no cookies: no page of another site can have an answer made that it guesses at
        });
        services.AddAccess();
        services.AddCallerLimits(callers);
        services.AddForeignPages(callers);
        services.AddSingleton<RefusalLog>();
        services.AddSingleton<RunReader>();
        services.AddSingleton<WhyReader>();
        services.AddSingleton<ApprovalReader>();
        services.AddSingleton<BatchReader>();
        services.AddSingleton<WhatIfReader>();
        services.AddSingleton<WhatIfPlanner>();
        services.AddSingleton<AnswerReader>();
        services.AddSingleton<ResponseReader>();
        services.AddSingleton<ResponseWriter>();
        services.AddSingleton<NewResponse>();
        services.AddSingleton<ApprovalAnswers>();
        services.AddWolverineHttp();
        services.AddReference();
        services.ConfigureHttpJsonOptions(json => JsonFormat.Configure(json.SerializerOptions));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = RequestBoundary.MostBytes);
    }

    public static void MapApi(this WebApplication app)
    {
        app.UseMiddleware<RefusalLog>();
        app.UseResponseCompression();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseCors();
        app.UseAuthentication();
        app.UseMiddleware<PageGuard>();
        app.UseRateLimiter();
        app.UseAuthorization();
        app.UseMiddleware<RequestBoundary>();
        app.UseMoneyScreen();
        app.MapHealth();
        app.MapMetrics();
        app.MapReference();
        app.MapPages();
        app.MapAgentSchema();
        app.MapWolverineEndpoints(http =>
        {
            http.WarmUpRoutes = RouteWarmup.Eager;
            http.TenantId.IsClaimTypeNamed(Caller.TenantClaim);
            http.ConfigureEndpoints(Permissions.Demand);
            http.ConfigureEndpoints(QueryParameters.State);
            http.RejectUnparseableQueryValues = true;
            http.RejectUnparseableHeaderValues = true;
        });
    }
}
