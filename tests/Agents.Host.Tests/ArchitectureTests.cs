using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Agents.Projections;

namespace Agents.Host.Tests;

/// <summary>What the code of the server may not do, read from what was compiled.</summary>
public sealed partial class ArchitectureTests
{
    [Fact]
    public void Facts_are_only_appended_to_a_stream_whose_version_was_read()
    {
        var appends = Members(typeof(Server).Assembly).Concat(Members(typeof(ReadModels).Assembly))
            .Where(member => member.Type.Contains(".Events.", StringComparison.Ordinal) && IsWrite(member.Name))
            .Select(member => member.Name).Distinct().ToList();

        Assert.Contains("Append", appends); // the list is not empty by mistake
        Assert.Empty(appends.Except(["Append", "StartStream"]));

        var unversioned = Ours().SelectMany(CompiledTypes.CalledBy)
            .Where(called => called.Name == "Append" && called.DeclaringType!.FullName!.Contains(".Events.", StringComparison.Ordinal))
            .Where(called => called.GetParameters() is not [_, { ParameterType: var type }, ..] || type != typeof(long));
        Assert.Empty(unversioned);

        static bool IsWrite(string name) => name.StartsWith("Append", StringComparison.Ordinal)
            || name.StartsWith("StartStream", StringComparison.Ordinal)
            || name.Contains("Write", StringComparison.Ordinal) || name.Contains("Writing", StringComparison.Ordinal)
                || name.Contains("Overwrite", StringComparison.Ordinal)
            || name.Contains("Tombstone", StringComparison.Ordinal) || name.Contains("Archive", StringComparison.Ordinal);
    }

    /// <summary>The one way to the database, which all others take.</summary>
    static readonly string[] Sql =
        ["Agents.Host.Platform.Sql", "Agents.Host.Platform.Statement", "Agents.Host.Platform.Values", "Agents.Host.Platform.Row`1"];

    [Fact]
    public void Values_of_a_statement_have_names_and_rows_are_records()
    {
        var byHand = (
            from type in Ours()
            where !Sql.Contains(CompiledTypes.Outermost(type).FullName)
            from called in CompiledTypes.CalledBy(type)
            where IsCommand(called) || IsParameter(called) || IsColumn(called)
            select $"{CompiledTypes.Outermost(type).FullName} calls {called.DeclaringType!.Name}.{called.Name}").Distinct().ToList();
        var counted = (
            from type in Ours()
            from text in CompiledTypes.TextsOf(type)
            where CountedParameter().IsMatch(text)
            select $"{CompiledTypes.Outermost(type).FullName}: {text}").ToList();

        // The list is not empty by mistake.
        Assert.Contains(Ours().Where(type => type.FullName == "Agents.Host.Platform.Values").SelectMany(CompiledTypes.CalledBy), IsParameter);
        Assert.Empty(byHand);
        Assert.Empty(counted);

        static bool IsCommand(MethodBase called) =>
            called is { DeclaringType: { Name: "NpgsqlCommand" or "NpgsqlBatchCommand" }, IsConstructor: true }
            or { DeclaringType.Namespace: "Npgsql", Name: "CreateCommand" or "CreateBatch" };

        static bool IsParameter(MethodBase called) => called.DeclaringType is { Name: "NpgsqlParameterCollection", Namespace: "Npgsql" }
            && called.Name.StartsWith("Add", StringComparison.Ordinal);

        static bool IsColumn(MethodBase called) => called.DeclaringType is { Name: "NpgsqlDataReader" or "DbDataReader" }
            && called.Name.StartsWith("Get", StringComparison.Ordinal);
    }

    [Fact]
    public void Tables_of_the_event_store_and_the_message_store_are_named_in_one_layer()
    {
        string[] allowed = ["Agents.Host.Log.", "Agents.Host.Audit."];

        var named = (
            from type in Ours()
            from text in CompiledTypes.TextsOf(type)
            where TheirTable().IsMatch(text)
            select CompiledTypes.Outermost(type).FullName!).Distinct().ToList();

        Assert.Contains("Agents.Host.Log.FactLog", named); // the list is not empty by mistake
        Assert.DoesNotContain(named, type => !allowed.Any(layer => type.StartsWith(layer, StringComparison.Ordinal)));
    }

    [Fact]
    public void Whatever_is_read_from_rows_can_be_made_from_them()
    {
        var read = (
            from type in Ours()
            from called in CompiledTypes.CalledBy(type).OfType<MethodInfo>()
            where called.IsGenericMethod && called.DeclaringType?.FullName == "Agents.Host.Platform.Sql"
            from one in called.GetGenericArguments()
            where !one.ContainsGenericParameters
            select one).Distinct().ToList();

        Assert.True(read.Count > 20, $"{read.Count}"); // the list is not empty by mistake
        var row = typeof(Server).Assembly.GetType("Agents.Host.Platform.Row`1", throwOnError: true)!;
        Assert.All(read, one => RuntimeHelpers.RunClassConstructor(row.MakeGenericType(one).TypeHandle));
    }

    static IEnumerable<Type> Ours() => typeof(Server).Assembly.GetTypes()
        .Where(type => CompiledTypes.Outermost(type).Namespace?.StartsWith("Agents.Host", StringComparison.Ordinal) is true);

    [GeneratedRegex(@"\$[1-9]\b")]
    private static partial Regex CountedParameter();

    [GeneratedRegex("mt_events|mt_streams|wolverine_")]
    private static partial Regex TheirTable();

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
