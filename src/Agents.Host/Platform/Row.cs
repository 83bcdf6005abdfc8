using System.Data.Common;
using System.Linq.Expressions;
using System.Reflection;
using System.Text.Json;

namespace Agents.Host.Platform;

/// <summary>
/// How a row becomes a <typeparamref name="T"/>: its first column, when that is a plain value; else a record, each parameter of whose constructor is
/// the column of its name, or again a record, made from the columns that its own parameters name. Such a one that is nullable is null when the first
/// of its columns is. Enums are read by name in any case, <see cref="JsonElement"/> from text or JSON.
/// </summary>
static class Row<T>
{
    static readonly List<string> Columns = [];
    static readonly Func<DbDataReader, int[], T> Make = Compile();

    /// <exception cref="IndexOutOfRangeException">There is no column of a parameter's name.</exception>
    /// <returns>
    /// What makes a value of the reader's current row. It throws <see cref="InvalidCastException"/> for a null where the parameter takes none.
    /// </returns>
    public static Func<DbDataReader, T> Of(DbDataReader rows)
    {
        int[] at = Columns.Count == 0 ? [0] : [.. Columns.Select(rows.GetOrdinal)];
        return row => Make(row, at);
    }

    static Func<DbDataReader, int[], T> Compile()
    {
        var (row, at) = (Expression.Parameter(typeof(DbDataReader)), Expression.Parameter(typeof(int[])));
        var nullability = new NullabilityInfoContext();
        var made = IsValue(typeof(T))
            ? Cell(typeof(T), !typeof(T).IsValueType || Nullable.GetUnderlyingType(typeof(T)) is not null, 0)
            : Record(typeof(T));
        return Expression.Lambda<Func<DbDataReader, int[], T>>(made, row, at).Compile();

        Expression Record(Type type)
        {
            var constructor = type.GetConstructors().MaxBy(one => one.GetParameters().Length)!;
            return Expression.New(constructor, Array.ConvertAll(constructor.GetParameters(), Part));
        }

        Expression Part(ParameterInfo parameter)
        {
            var isNullable = nullability.Create(parameter).ReadState is NullabilityState.Nullable;
            var first = Columns.Count;
            if (IsRecord(parameter.ParameterType))
            {
                var part = Record(parameter.ParameterType);
                return isNullable ? Expression.Condition(IsNull(first), Expression.Default(part.Type), part) : part;
            }

            Columns.Add(Values.NameOf(parameter.Name!));
            return Cell(parameter.ParameterType, isNullable, first);
        }

        Expression Cell(Type type, bool isNullable, int column)
        {
            var ordinal = Expression.ArrayIndex(at, Expression.Constant(column));
            var plain = Nullable.GetUnderlyingType(type) ?? type;
            Expression read = plain.IsEnum ? Expression.Call(typeof(Row<T>), nameof(WordOf), [plain], row, ordinal)
                : plain == typeof(JsonElement) ? Expression.Call(typeof(Row<T>), nameof(JsonOf), null, row, ordinal)
                : Expression.Call(row, nameof(DbDataReader.GetFieldValue), [plain], ordinal);
            if (plain != type) read = Expression.Convert(read, type);
            return isNullable ? Expression.Condition(IsNull(column), Expression.Default(type), read) : read;
        }

        Expression IsNull(int column) =>
            Expression.Call(row, nameof(DbDataReader.IsDBNull), null, Expression.ArrayIndex(at, Expression.Constant(column)));
    }

    static bool IsRecord(Type type) => type.IsClass && !type.IsArray && !IsValue(type);

    static bool IsValue(Type type) =>
        (Nullable.GetUnderlyingType(type) ?? type) is var plain && (Values.AreOf(plain) || plain.IsEnum || plain == typeof(JsonElement));

    static TEnum WordOf<TEnum>(DbDataReader row, int column) where TEnum : struct, Enum => Enum.Parse<TEnum>(row.GetString(column), ignoreCase: true);

    static JsonElement JsonOf(DbDataReader row, int column) => JsonSerializer.Deserialize<JsonElement>(row.GetString(column));
}
