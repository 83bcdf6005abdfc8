using System.Collections.Concurrent;

namespace Agents.Host.Models;

/// <summary>
/// Models whose last reply began within a thought, see <see cref="UnopenedThought"/>. The next one of such a model is shown from the end of its
/// thought on; the first one was taken for text until that end came.
/// </summary>
sealed class ThoughtHabits
{
    readonly ConcurrentDictionary<string, bool> within = new(StringComparer.Ordinal);

    public bool BeginsWithin(string model) => within.ContainsKey(model);

    /// <param name="beganWithin">How a reply with text began.</param>
    public void Learn(string model, bool beganWithin)
    {
        if (beganWithin) within.TryAdd(model, true);
        else within.TryRemove(model, out _);
    }
}
