namespace MoREdge.Inference;

/// <summary>What one generation may produce.</summary>
public sealed record GenerationOptions
{
    /// <summary>
    /// Most tokens to generate; null for as many as the context holds. 0 reads the prompt and answers nothing.
    /// </summary>
    public int? TokenLimit { get; init; }

    /// <summary>Texts that end the generation and are not shown.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Goes on after end-of-sequence tokens.</summary>
    public bool IgnoreEndOfSequence { get; init; }

    /// <summary>Told how many prompt tokens of how many are done, before the first piece of text.</summary>
    public Action<int, int>? PromptProgress { get; init; }

    /// <summary>
    /// Checks the limit, and the stop strings: one that is empty would end every answer before it begins.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// The limit is below 0, the list of stop strings is null, or one of them null or empty; the message is one
    /// sentence.
    /// </exception>
    public void Validate()
    {
        if (TokenLimit < 0)
        {
            throw new ArgumentException(
                $"The token limit is {TokenLimit}; leave it out for as many tokens as the context holds.");
        }

        if (StopStrings is null)
        {
            throw new ArgumentException("The list of stop strings must not be null; an empty one is for none.");
        }

        foreach (string? stop in StopStrings)
        {
            if (string.IsNullOrEmpty(stop))
            {
                throw new ArgumentException("A stop string must not be empty.");
            }
        }
    }
}
