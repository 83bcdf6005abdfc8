using System.Text;
using Agents.Domain.Definitions;
using Agents.Host.Catalog.Format;

namespace Agents.Host.Tests.Catalog;

/// <summary>Definitions from text.</summary>
static class Read
{
    public static ReadDefinition Yaml(string text) => DefinitionReader.Read(Encoding.UTF8.GetBytes(text));

    public static ReadDefinition Json(string text) => DefinitionReader.Read(Encoding.UTF8.GetBytes(text), isJson: true);

    /// <summary>One without a mistake.</summary>
    public static AgentDefinition Good(string yaml)
    {
        var read = Yaml(yaml);
        Assert.Empty(read.Mistakes);
        return read.Agent!;
    }

    /// <summary>Such as <c>3:5 steps[0].tool</c>, each with its reason.</summary>
    public static IEnumerable<string> Mistakes(string yaml) =>
        Yaml(yaml).Mistakes.Select(mistake => $"{mistake.Line}:{mistake.Column} {mistake.Path}: {mistake.Reason}");

    public static ReadDefinition Sample(string name) =>
        DefinitionReader.Read(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "docs", "samples", "agents", name)));
}
