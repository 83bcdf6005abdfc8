namespace Agents.Domain.Runs;

/// <summary>The most characters (UTF-16 units) of texts that callers give to a run.</summary>
public static class TextBounds
{
    public const int QuestionCharacters = 16_384;

    /// <summary>Of why an operator pauses, resumes, cancels, denies or forks.</summary>
    public const int ReasonCharacters = 500;

    /// <summary>Of an idempotency key.</summary>
    public const int KeyCharacters = 200;
}
