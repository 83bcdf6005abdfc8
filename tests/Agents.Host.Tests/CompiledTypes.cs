using System.Reflection;
using System.Reflection.Emit;

namespace Agents.Host.Tests;

/// <summary>Which types a compiled type mentions: in its head, its members, and the code of its methods.</summary>
static class CompiledTypes
{
    const BindingFlags All = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Static | BindingFlags.Public)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    /// <summary>The types of its own assembly, each by its outermost type; a constant that the compiler copied leaves no trace.</summary>
    public static IEnumerable<Type> MentionedBy(Type type) => InHead(type).Concat(InMembers(type))
        .SelectMany(Parts).Where(mentioned => mentioned.Assembly == type.Assembly).Select(Outermost).Distinct();

    /// <summary>The methods and constructors that its code calls, of whatever assembly.</summary>
    public static IEnumerable<MethodBase> CalledBy(Type type) => MethodsOf(type)
        .SelectMany(method => Operands(method, OperandType.InlineMethod, OperandType.InlineTok).Select(token => Resolve(method, token)))
            .OfType<MethodBase>();

    /// <summary>The texts that stand in its code, pieces of interpolated ones each by itself.</summary>
    public static IEnumerable<string> TextsOf(Type type) =>
        MethodsOf(type).SelectMany(method => Operands(method, OperandType.InlineString).Select(method.Module.ResolveString));

    public static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    static IEnumerable<Type?> InHead(Type type) =>
        [type.BaseType, .. type.GetInterfaces(), .. type.GetCustomAttributesData().Select(attribute => attribute.AttributeType)];

    static IEnumerable<Type?> InMembers(Type type)
    {
        foreach (var field in type.GetFields(All)) yield return field.FieldType;
        foreach (var method in MethodsOf(type))
        {
            if (method is MethodInfo { ReturnType: var returned }) yield return returned;
            foreach (var parameter in method.GetParameters()) yield return parameter.ParameterType;
            foreach (var attribute in method.GetCustomAttributesData()) yield return attribute.AttributeType;
            foreach (var local in method.GetMethodBody()?.LocalVariables ?? []) yield return local.LocalType;
            foreach (var mentioned in InCode(method)) yield return mentioned;
        }
    }

    static IEnumerable<MethodBase> MethodsOf(Type type) => type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All));

    static IEnumerable<Type?> InCode(MethodBase method) =>
        Operands(method, OperandType.InlineMethod, OperandType.InlineField, OperandType.InlineType, OperandType.InlineTok)
            .SelectMany(token => Of(Resolve(method, token)));

    /// <summary>By ECMA-335, III: each instruction is a code of one or two bytes, then an operand of a length that the code says.</summary>
    static IEnumerable<int> Operands(MethodBase method, params OperandType[] wanted)
    {
        var code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (var at = 0; at < code.Length;)
        {
            var value = code[at] == 0xfe ? unchecked((short)((code[at] << 8) | code[at + 1])) : code[at];
            at += code[at] == 0xfe ? 2 : 1;
            var operand = Codes[value].OperandType;
            if (wanted.Contains(operand)) yield return BitConverter.ToInt32(code, at);
            at += operand is OperandType.InlineSwitch ? 4 + (4 * BitConverter.ToInt32(code, at)) : LengthOf(operand);
        }
    }

    static MemberInfo? Resolve(MethodBase method, int token) => method.Module.ResolveMember(
        token, method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null,
        method.IsGenericMethod ? method.GetGenericArguments() : null);

    static IEnumerable<Type?> Of(MemberInfo? member) => member switch
    {
        Type type => [type],
        MethodInfo method => [method.DeclaringType, .. method.IsGenericMethod ? method.GetGenericArguments() : []],
        _ => [member?.DeclaringType],
    };

    /// <summary>The type itself, that of its elements, and those it is made of.</summary>
    static IEnumerable<Type> Parts(Type? type)
    {
        if (type is null || type.IsGenericParameter) return [];
        if (type.HasElementType) return Parts(type.GetElementType());
        return type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type) : [type];
    }

    static int LengthOf(OperandType operand) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        _ => 4,
    };
}
