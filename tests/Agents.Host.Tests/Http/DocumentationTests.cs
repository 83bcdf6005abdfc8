namespace Agents.Host.Tests.Http;

public sealed class DocumentationTests
{
    [Fact]
    public async Task No_member_of_an_answer_is_explained_twice()
    {
        var tables = 0;
        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "docs"), "*.md"))
        {
            HashSet<string>? members = null;
            foreach (var line in await File.ReadAllLinesAsync(file))
            {
                if (line.StartsWith("| member | ", StringComparison.Ordinal)) (members, tables) = (new(StringComparer.Ordinal), tables + 1);
                else if (!line.StartsWith('|')) members = null;
                else if (members?.Add(line.Split('|')[1].Trim()) is false) Assert.Fail($"{Path.GetFileName(file)} explains twice: {line}");
            }
        }

        Assert.True(tables > 2, $"Only {tables} tables were found.");
    }
}
