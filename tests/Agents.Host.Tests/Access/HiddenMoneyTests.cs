using System.Collections.Immutable;
using System.Reflection;
using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Http;
using Agents.Host.Platform;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Tests.Access;

/// <summary>What a caller who may not see money is sent.</summary>
public sealed class HiddenMoneyTests
{
    [Theory]
    [InlineData("""{"costUsd":0.5,"usd":1,"status":"ok"}""", """{"costUsd":null,"usd":null,"status":"ok"}""")]
    [InlineData("""{"items":[{"cost":{"usd":1,"unit":{"input":2}},"call":1}]}""", """{"items":[{"cost":null,"call":1}]}""")]
    [InlineData("""{"unconfirmedUsd":{"calls":1,"low":0.1}}""", """{"unconfirmedUsd":null}""")]
    [InlineData("""{"rawUsage":"{\"cost\":0.1}","usage":{"inputTokens":7}}""", """{"rawUsage":null,"usage":{"inputTokens":7}}""")]
    [InlineData("""{"metadata":{"costUsd":"mine","cost":"mine"},"costUsd":1}""", """{"metadata":{"costUsd":"mine","cost":"mine"},"costUsd":null}""")]
    [InlineData("""{"output":{"priceUsd":3},"costUsd":1}""", """{"output":{"priceUsd":3},"costUsd":null}""")]
    [InlineData("""{"answer":"It costs 3 USD. “Ünï”"}""", """{"answer":"It costs 3 USD. “Ünï”"}""")]
    [InlineData("[1,2,null]", "[1,2,null]")]
    [InlineData("null", "null")]
    public void Amounts_become_null_and_nothing_else_changes(string json, string hidden) => Assert.Equal(hidden, HiddenMoney.Of(json));

    /// <summary>An amount under any other name would be shown.</summary>
    [Fact]
    public void Every_amount_of_a_fact_and_of_an_answer_has_a_name_by_which_it_is_hidden()
    {
        var facts = typeof(RunEvent).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(RunEvent)));
        var answers =
            from type in typeof(Server).Assembly.GetTypes()
            from method in type.GetMethods()
            where method.GetCustomAttribute<WolverineHttpMethodAttribute>() is not null
              && method.GetCustomAttribute<RequiresAttribute>()?.Permission is Permissions.Read or Permissions.Operate or Permissions.Administer
            from answer in method.GetCustomAttributes<ProducesResponseTypeAttribute>().Select(produced => produced.Type).Append(method.ReturnType)
            select answer;
        var roots = facts.Concat(answers).Distinct().ToList();
        Assert.Contains(roots, root => AmountsOf(root, root.Name, hidden: true, []).Any()); // they are found at all

        Assert.Empty(roots.SelectMany(root => AmountsOf(root, root.Name, hidden: false, [])));
    }

    [Fact]
    public void An_amount_under_another_name_is_found() =>
        Assert.Equal(["Price.Input"], AmountsOf(typeof(Price), "Price", hidden: false, []).Where(path => path == "Price.Input"));

    /// <summary>A share of runs and a time are no amounts of money.</summary>
    static bool IsOther(string name) => name.EndsWith("Percent", StringComparison.Ordinal) || name.EndsWith("Milliseconds", StringComparison.Ordinal);

    static IEnumerable<string> AmountsOf(Type? type, string path, bool hidden, ImmutableHashSet<Type> within)
    {
        if (type is null || within.Contains(type)) yield break;
        foreach (var argument in type.GetGenericArguments())
            foreach (var amount in AmountsOf(argument, path, hidden, within.Add(type))) yield return amount;
        if (type.Namespace?.StartsWith("Agents.", StringComparison.Ordinal) is not true || type.IsEnum) yield break;

        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var isHidden = property.Name.EndsWith("Usd", StringComparison.Ordinal) || property.Name is "Cost";
            var plain = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            if (plain == typeof(decimal) && isHidden == hidden && !IsOther(property.Name)) yield return $"{path}.{property.Name}";
            if (plain == typeof(decimal) || isHidden || IsOther(property.Name)) continue;
            foreach (var amount in AmountsOf(plain, $"{path}.{property.Name}", hidden, within.Add(type))) yield return amount;
        }
    }
}
