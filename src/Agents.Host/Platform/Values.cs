using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Reflection;
using System.Text;
using Npgsql;
using NpgsqlTypes;

namespace Agents.Host.Platform;

/// <summary>
/// The values of a statement as parameters. The type of a parameter follows from the type of the property, not from the value: a null is no reason
/// for the server to plan the statement anew, nor to ask what type was meant.
/// </summary>
static class Values
{
    static readonly FrozenDictionary<Type, NpgsqlDbType> Types = new Dictionary<Type, NpgsqlDbType>
    {
        [typeof(bool)] = NpgsqlDbType.Boolean,
        [typeof(int)] = NpgsqlDbType.Integer,
        [typeof(long)] = NpgsqlDbType.Bigint,
        [typeof(double)] = NpgsqlDbType.Double,
        [typeof(decimal)] = NpgsqlDbType.Numeric,
        [typeof(string)] = NpgsqlDbType.Text,
        [typeof(Guid)] = NpgsqlDbType.Uuid,
        [typeof(DateTimeOffset)] = NpgsqlDbType.TimestampTz,
        [typeof(DateOnly)] = NpgsqlDbType.Date,
        [typeof(TimeSpan)] = NpgsqlDbType.Interval,
        [typeof(byte[])] = NpgsqlDbType.Bytea,
        [typeof(NpgsqlTsVector)] = NpgsqlDbType.TsVector,
    }.ToFrozenDictionary();

    static readonly ConcurrentDictionary<Type, Property[]> Known = new();

    sealed record Property(string Name, NpgsqlDbType Type, PropertyInfo Of);

    /// <summary>Adds each property of the values, or each entry of a dictionary, to the command.</summary>
    /// <exception cref="NotSupportedException">
    /// A value is of a type that has no counterpart here; an enum, for one: its word differs from table to table.
    /// </exception>
    public static NpgsqlCommand Add(NpgsqlCommand command, object? values)
    {
        if (values is IReadOnlyDictionary<string, object> named)
            foreach (var (name, value) in named) Add(command, name, TypeOf(value.GetType()), value);
        else if (values is not null)
            foreach (var property in Known.GetOrAdd(values.GetType(), PropertiesOf))
                Add(command, property.Name, property.Type, property.Of.GetValue(values));
        return command;
    }

    /// <summary>Whether a column of this type is read as one value.</summary>
    public static bool AreOf(Type type) => Types.ContainsKey(type);

    /// <summary><c>RunId</c> and <c>runId</c> are <c>run_id</c>, <c>CacheWrite5Minutes</c> is <c>cache_write_5_minutes</c>.</summary>
    public static string NameOf(string member)
    {
        var name = new StringBuilder(member.Length + 4);
        for (var at = 0; at < member.Length; at++)
        {
            var begins = char.IsUpper(member[at]) || (char.IsDigit(member[at]) && !char.IsDigit(member[at - 1]));
            if (begins && at > 0) name.Append('_');
            name.Append(char.ToLowerInvariant(member[at]));
        }

        return name.ToString();
    }

    static void Add(NpgsqlCommand command, string name, NpgsqlDbType type, object? value) => command.Parameters.Add(
        new NpgsqlParameter(name, type)
        {
            Value = value switch
            {
                null => DBNull.Value,
                DateTimeOffset time => time.ToUniversalTime(), // the driver takes no other
                DateTimeOffset[] times => Array.ConvertAll(times, time => time.ToUniversalTime()),
                _ => value,
            },
        });

    static Property[] PropertiesOf(Type values) =>
        [.. values.GetProperties().Select(property => new Property(NameOf(property.Name), TypeOf(property.PropertyType), property))];

    static NpgsqlDbType TypeOf(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (Types.TryGetValue(type, out var known)) return known;
        if (type.GetElementType() is { } of && Types.TryGetValue(Nullable.GetUnderlyingType(of) ?? of, out var element))
            return element | NpgsqlDbType.Array;
        throw new NotSupportedException($"A value of type {type} cannot be given to a statement.");
    }
}
