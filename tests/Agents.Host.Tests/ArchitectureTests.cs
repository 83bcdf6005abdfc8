using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Agents.Projections;

namespace Agents.Host.Tests;

/// <summary>What the code of the server may not do, read from what was compiled.</summary>
public sealed class ArchitectureTests
{
    [Fact]
    public void Facts_are_only_appended_to_a_stream_whose_version_was_read()
    {
        string[] streams = ["AppendOne", "AppendMany"]; // of a stream that was fetched: these carry the version that was read
        string[] loads = ["FetchForExclusiveWriting", "StartStream"];

        var appends = Members(typeof(Server).Assembly).Concat(Members(typeof(ReadModels).Assembly))
            .Where(member => member.Type.Contains(".Events.", StringComparison.Ordinal) && IsWrite(member.Name))
            .Select(member => member.Name).Distinct().ToList();

        Assert.Contains("AppendOne", appends); // the list is not empty by mistake
        Assert.Empty(appends.Except(streams).Except(loads));

        static bool IsWrite(string name) => name.StartsWith("Append", StringComparison.Ordinal) || name.StartsWith("StartStream", StringComparison.Ordinal)
            || name.Contains("Write", StringComparison.Ordinal) || name.Contains("Writing", StringComparison.Ordinal) || name.Contains("Overwrite", StringComparison.Ordinal)
            || name.Contains("Tombstone", StringComparison.Ordinal) || name.Contains("Archive", StringComparison.Ordinal);
    }

    /// <summary>Members of other assemblies that the code mentions, by the type that has them; of a generic type, by its definition.</summary>
    static IEnumerable<(string Type, string Name)> Members(Assembly assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly.Location));
        var metadata = file.GetMetadataReader();
        foreach (var handle in metadata.MemberReferences)
        {
            var member = metadata.GetMemberReference(handle);
            if (TypeOf(metadata, member.Parent) is { } type) yield return (type, metadata.GetString(member.Name));
        }
    }

    static string? TypeOf(MetadataReader metadata, EntityHandle parent)
    {
        if (parent.Kind is HandleKind.TypeSpecification)
        {
            var signature = metadata.GetBlobReader(metadata.GetTypeSpecification((TypeSpecificationHandle)parent).Signature);
            if (signature.ReadSignatureTypeCode() is not SignatureTypeCode.GenericTypeInstance) return null;
            signature.ReadByte(); // class or value type
            parent = signature.ReadTypeHandle();
        }

        if (parent.Kind is not HandleKind.TypeReference) return null;
        var type = metadata.GetTypeReference((TypeReferenceHandle)parent);
        return $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
    }
}
