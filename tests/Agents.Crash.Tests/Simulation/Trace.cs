using System.Globalization;
using System.Text;

namespace Agents.Crash.Tests.Simulation;

/// <summary>A line for everything that happens in a world.</summary>
sealed class Trace(World world)
{
    readonly StringBuilder lines = new();

    public void Note(FormattableString what) => lines.AppendLine(CultureInfo.InvariantCulture, $"{world.Now,5} {FormattableString.Invariant(what)}");

    public override string ToString() => lines.ToString();
}
