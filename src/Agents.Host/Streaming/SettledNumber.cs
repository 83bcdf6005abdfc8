namespace Agents.Host.Streaming;

/// <summary>A number in the log up to which no fact can come any more, moved on as transactions end.</summary>
/// <remarks>
/// Facts are numbered in the order in which their transactions took a number, but become visible in the order in which these commit, so that
/// "everything after number n" can leave one out. The settled number is found so: the highest number given out is marked; a moment later, the next
/// transaction id is added to the mark; when every transaction below that id has ended, all numbers up to the marked one are visible or will never
/// be. Going on from a settled number gives everything after it, some of it for the second time.
/// </remarks>
public sealed class SettledNumber
{
    /// <summary>Far longer than a transaction needs from taking a number to having an id.</summary>
    public static readonly TimeSpan UntilIdIsTaken = TimeSpan.FromMilliseconds(100);

    readonly HashSet<long> known = [];
    Mark? mark;

    /// <param name="Next">The transaction id that was given out next, a moment after the mark was set. Null until it is known.</param>
    sealed record Mark(long Number, TimeSpan At, long? Next);

    public long Number { get; private set; }

    /// <summary>Numbers after the settled one whose facts were read already.</summary>
    public IReadOnlySet<long> Known => known;

    public bool NeedsMark => mark is null;

    /// <summary>Starts anew.</summary>
    /// <param name="numbers">Later ones whose facts count as read.</param>
    public void Reset(long number, IEnumerable<long> numbers)
    {
        Number = number;
        mark = null;
        known.Clear();
        known.UnionWith(numbers);
    }

    /// <summary>Whether the fact of this number is read for the first time.</summary>
    public bool Add(long number) => known.Add(number);

    /// <param name="highest">The highest number given out so far.</param>
    /// <param name="now">Time by any clock that only goes forward.</param>
    public void SetMark(long highest, TimeSpan now) => mark = new(highest, now, null);

    /// <summary>
    /// Moves on if all transactions that could still add a fact up to the mark have ended. Call it when everything visible was read.
    /// </summary>
    /// <param name="oldest">Every transaction with a lower id had ended before that read.</param>
    /// <param name="next">The transaction id that was given out next.</param>
    public void MoveOn(long oldest, long next, TimeSpan now)
    {
        if (mark is null) return;
        if (mark.Next is null)
        {
            if (now - mark.At >= UntilIdIsTaken) mark = mark with { Next = next };
        }
        else if (mark.Next <= oldest)
        {
            Number = Math.Max(Number, mark.Number);
            known.RemoveWhere(number => number <= Number);
            mark = null;
        }
    }
}
