using System.Text.RegularExpressions;
using Agents.Host.Platform;

namespace Agents.Host.Models;

/// <summary>
/// The providers of this server: the one of section <c>Models</c>, and named entries of <c>Models:Providers</c>. A model of an entry is written
/// <c>entry/model</c>; every other name, with a slash or without, is a model of the first.
/// </summary>
/// <param name="Main">The entry of section <c>Models</c>.</param>
/// <param name="Named">By name.</param>
public sealed partial record ModelProviders(ModelOptions Main, IReadOnlyDictionary<string, ModelOptions> Named)
{
    /// <summary>Below it, the named entries, each with the settings of section <c>Models</c>.</summary>
    public const string Section = "Models:Providers";

    const int MostEntries = 32;

    public ModelProviders(ModelOptions main) : this(main, new Dictionary<string, ModelOptions>())
    {
    }

    /// <summary>The main one first, then by name.</summary>
    public IEnumerable<ModelOptions> All => Named.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => entry.Value).Prepend(Main);

    /// <summary>The names of the entries, for a model to begin with.</summary>
    public string[] Names => [.. Named.Keys.Order(StringComparer.Ordinal)];

    /// <exception cref="StartRefusedException">A value is missing or wrong; the message names the key, never a secret.</exception>
    public static ModelProviders From(IConfiguration configuration)
    {
        var main = ModelOptions.From(configuration);
        var named = new Dictionary<string, ModelOptions>(StringComparer.Ordinal);
        foreach (var entry in configuration.GetSection(Section).GetChildren())
        {
            if (!EntryName().IsMatch(entry.Key))
                throw new StartRefusedException($"{Section}:{entry.Key} is no name of an entry: 1 to 32 of a to z, 0 to 9 and -.");
            if (entry.Key == main.Name)
                throw new StartRefusedException($"{Section}:{entry.Key} has the name of the provider of section Models; choose another one.");
            named.Add(entry.Key, ModelOptions.From(configuration, entry.Key));
        }

        if (named.Count > MostEntries) throw new StartRefusedException($"{Section} has {named.Count} entries; {MostEntries} are allowed.");
        return new(main, named);
    }

    /// <summary>Who is asked for a model, and by which name.</summary>
    public (ModelOptions Entry, string Model) Of(string model)
    {
        var slash = model.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && slash < model.Length - 1 && Named.TryGetValue(model[..slash], out var entry)
            ? (entry, model[(slash + 1)..])
            : (Main, model);
    }

    /// <summary>The name by which agents call a provider's model.</summary>
    public string Written(string provider, string model) => Named.ContainsKey(provider) ? $"{provider}/{model}" : model;

    [GeneratedRegex("^[a-z0-9-]{1,32}$", RegexOptions.CultureInvariant)]
    private static partial Regex EntryName();
}
