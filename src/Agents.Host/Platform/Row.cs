using System.Data.Common;
using System.Linq.Expressions;
using System.Reflection;
using System.Text.Json;

namespace Agents.Host.Platform;

/// <summary>
/// How a row becomes a <typeparamref name="T"/>: its first column, when that is a plain value; else a record, each parameter of whose constructor is
/// the column of its name. Enums are read by name in any case, <see cref="JsonElement"/> from text or JSON.
/// </summary>
static class Row<T>
{
    static readonly ParameterInfo[] Parameters = IsValue(typeof(T))
        ? []
        : typeof(T).GetConstructors().MaxBy(one => one.GetParameters().Length)!.GetParameters();
    static readonly string[] Columns = [.. Parameters.Select(parameter => Values.NameOf(parameter.Name!))];
    static readonly Func<DbDataReader, int[], T> Make = Compile();

    /// <exception cref="IndexOutOfRangeException">There is no column of a parameter's name.</exception>
    /// <returns>
    /// What makes a value of the reader's current row. It throws <see cref="InvalidCastException"/> for a null where the parameter takes none.
    /// </returns>
    public static Func<DbDataReader, T> Of(DbDataReader rows)
    {
        var at = Parameters.Length == 0 ? [0] : Array.ConvertAll(Columns, rows.GetOrdinal);
        return row => Make(row, at);
    }

    static Func<DbDataReader, int[], T> Compile()
    {
        var (row, at) = (Expression.Parameter(typeof(DbDataReader)), Expression.Parameter(typeof(int[])));
        var nullability = new NullabilityInfoContext();
        Expression made = Parameters.Length == 0
            ? Cell(typeof(T), !typeof(T).IsValueType || Nullable.GetUnderlyingType(typeof(T)) is not null, 0)
            : Expression.New((ConstructorInfo)Parameters[0].Member, Parameters.Select((parameter, column) =>
                Cell(parameter.ParameterType, nullability.Create(parameter).ReadState is NullabilityState.Nullable, column)));
        return Expression.Lambda<Func<DbDataReader, int[], T>>(made, row, at).Compile();

        Expression Cell(Type type, bool isNullable, int column)
        {
            var ordinal = Expression.ArrayIndex(at, Expression.Constant(column));
            var plain = Nullable.GetUnderlyingType(type) ?? type;
            Expression read = plain.IsEnum ? Expression.Call(typeof(Row<T>), nameof(WordOf), [plain], row, ordinal)
                : plain == typeof(JsonElement) ? Expression.Call(typeof(Row<T>), nameof(JsonOf), null, row, ordinal)
                : Expression.Call(row, nameof(DbDataReader.GetFieldValue), [plain], ordinal);
            if (plain != type) read = Expression.Convert(read, type);
            if (!isNullable) return read;
            return Expression.Condition(Expression.Call(row, nameof(DbDataReader.IsDBNull), null, ordinal), Expression.Default(type), read);
        }
    }

    static bool IsValue(Type type) =>
        (Nullable.GetUnderlyingType(type) ?? type) is var plain && (Values.AreOf(plain) || plain.IsEnum || plain == typeof(JsonElement));

    static TEnum WordOf<TEnum>(DbDataReader row, int column) where TEnum : struct, Enum => Enum.Parse<TEnum>(row.GetString(column), ignoreCase: true);

    static JsonElement JsonOf(DbDataReader row, int column) => JsonSerializer.Deserialize<JsonElement>(row.GetString(column));
}
