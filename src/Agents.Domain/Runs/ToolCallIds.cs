using System.Globalization;

namespace Agents.Domain.Runs;

/// <summary>
/// Ids of tool calls, made by us rather than taken from the provider: some providers send none, or the same one in every turn,
/// and the id is the idempotency key a tool is given.
/// </summary>
/// <remarks>Nine letters and digits, which every provider accepts when the conversation is sent back (the strictest wants exactly that).</remarks>
public static class ToolCallIds
{
    /// <summary>The id of a model's request, such as <c>c0003t001</c> for the first request of call 3.</summary>
    public static string OfModelCall(int call, int index) => string.Create(CultureInfo.InvariantCulture, $"c{call:0000}t{index:000}");

    /// <summary>The id of a tool step's call, such as <c>s0001t001</c> for the first call of step 1.</summary>
    public static string OfStep(int step, int index) => string.Create(CultureInfo.InvariantCulture, $"s{step:0000}t{index:000}");
}
