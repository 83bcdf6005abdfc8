using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Agents.Domain.Runs;

namespace Agents.Domain.Tests;

public sealed class ArchitectureTests
{
    static readonly Assembly Domain = typeof(Run).Assembly;

    [Fact]
    public void The_domain_refers_to_nothing_but_the_base_class_library()
    {
        var library = Path.GetDirectoryName(typeof(object).Assembly.Location)!;

        Assert.All(Domain.GetReferencedAssemblies(), reference =>
            Assert.True(File.Exists(Path.Combine(library, reference.Name + ".dll")), reference.Name));
    }

    [Fact]
    public void The_domain_refers_to_no_package()
    {
        using var dependencies = JsonDocument.Parse(
            File.ReadAllText(Path.ChangeExtension(typeof(ArchitectureTests).Assembly.Location, ".deps.json")));
        var domain = dependencies.RootElement.GetProperty("targets").EnumerateObject().Single().Value
            .EnumerateObject().Single(library => library.Name.StartsWith("Agents.Domain/", StringComparison.Ordinal));

        Assert.False(domain.Value.TryGetProperty("dependencies", out var packages), packages.ToString());
    }

    [Fact]
    public void The_domain_knows_no_clock_no_chance_and_no_world_outside()
    {
        string[] forbidden =
        [
            "System.DateTime.get_Now", "System.DateTime.get_UtcNow", "System.DateTime.get_Today", "System.DateTimeOffset.get_Now",
            "System.DateTimeOffset.get_UtcNow", "System.Guid.NewGuid", "System.Guid.CreateVersion7", "System.Random.", "System.TimeProvider.",
            "System.Diagnostics.Stopwatch.", "System.Environment.get_Tick", "System.Environment.GetEnv",
            "System.Security.Cryptography.RandomNumberGenerator.", "System.IO.",
            "System.Net.", "System.Threading.Tasks.", "System.Threading.Timer.", "System.Threading.Thread.", "System.Diagnostics.Process.",
            "System.Console.",
        ];

        var members = MembersUsed().ToList();
        Assert.Contains("System.Security.Cryptography.SHA256.HashData", members); // the list is not empty by mistake
        Assert.DoesNotContain(members, member => forbidden.Any(word => member.StartsWith(word, StringComparison.Ordinal)));
    }

    [Fact]
    public void Nothing_in_the_domain_can_be_changed_once_made() =>
        Assert.Empty(Domain.GetExportedTypes().SelectMany(type => type.GetProperties()).Where(IsSettable).Select(Name));

    [Fact]
    public void The_domain_keeps_no_state_of_its_own() =>
        Assert.Empty(Domain.GetTypes()
            .Where(type => type.Namespace?.StartsWith("Agents.", StringComparison.Ordinal) is true && !IsGenerated(type))
            .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(field => !field.IsInitOnly && !field.IsLiteral && !IsGenerated(field)).Select(Name));

    [Fact]
    public void Every_record_and_class_is_sealed_or_the_head_of_a_closed_family() =>
        Assert.DoesNotContain(Domain.GetExportedTypes(), type => type is { IsClass: true, IsSealed: false, IsAbstract: false });

    static bool IsSettable(PropertyInfo property) =>
        property.SetMethod is { IsPublic: true } setter && !setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));

    static bool IsGenerated(MemberInfo member) => member.IsDefined(typeof(CompilerGeneratedAttribute)) || member.Name.StartsWith('<');

    static string Name(MemberInfo member) => $"{member.DeclaringType}.{member.Name}";

    /// <summary>Members of other assemblies that the domain's code mentions, by their full names.</summary>
    static IEnumerable<string> MembersUsed()
    {
        using var file = new PEReader(File.OpenRead(Domain.Location));
        var metadata = file.GetMetadataReader();
        foreach (var handle in metadata.MemberReferences)
        {
            var member = metadata.GetMemberReference(handle);
            if (member.Parent.Kind is not HandleKind.TypeReference) continue; // members of generic types: collections and functions

            var type = metadata.GetTypeReference((TypeReferenceHandle)member.Parent);
            yield return $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}.{metadata.GetString(member.Name)}";
        }
    }
}
