using System.Globalization;

namespace Agents.Domain.Runs;

/// <summary>
/// Ids of tool calls, made by us rather than taken from the provider: some providers send none, or the same one in every turn,
/// and the id is the idempotency key a tool is given.
/// </summary>
/// <remarks>
/// Those of a model's requests have nine letters and digits, which every provider accepts when the conversation is sent back (the strictest wants
/// exactly that). Those of tool steps are sent to no provider.
/// </remarks>
public static class ToolCallIds
{
    /// <summary>The id of a model's request, such as <c>c0003t001</c> for the first request of call 3.</summary>
    public static string OfModelCall(int call, int index) => string.Create(CultureInfo.InvariantCulture, $"c{call:0000}t{index:000}");

    /// <summary>
    /// The id of a tool step's call, such as <c>s0001t001</c> for the first call of step 1, and <c>s0001v2t001</c> when the step is taken again.
    /// </summary>
    /// <param name="index">From 1.</param>
    /// <param name="visit">Which time the run takes the step, from 1.</param>
    public static string OfStep(int step, int index, int visit = 1) => visit > 1
        ? string.Create(CultureInfo.InvariantCulture, $"s{step:0000}v{visit}t{index:000}")
        : string.Create(CultureInfo.InvariantCulture, $"s{step:0000}t{index:000}");
}
