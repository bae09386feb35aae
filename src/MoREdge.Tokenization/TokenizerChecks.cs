namespace MoREdge.Tokenization;

/// <summary>The checks of a definition before any table is built from it.</summary>
internal static class TokenizerChecks
{
    /// <summary>Throws a <see cref="TokenizerException"/> unless lengths, kinds and ids fit together.</summary>
    public static void Check(TokenizerDefinition definition)
    {
        int count = definition.Tokens.Count;
        if (count == 0)
        {
            throw new TokenizerException(TokenizerError.EmptyVocabulary, "The vocabulary has no tokens.");
        }

        if (count > TokenizerLimits.TokensMax)
        {
            throw new TokenizerException(
                TokenizerError.VocabularyTooLarge,
                $"The vocabulary has {count} tokens; the limit is {TokenizerLimits.TokensMax}.");
        }

        CheckLength("token kinds", definition.Kinds.Length, count);
        CheckLength("scores", definition.Scores?.Length ?? count, count);
        CheckId("begin-of-sequence", definition.BosId, count);
        CheckId("end-of-sequence", definition.EosId, count);
        CheckId("unknown", definition.UnknownId, count);
        CheckId("padding", definition.PaddingId, count);
        CheckId("end-of-turn", definition.EndOfTurnId, count);
        foreach (int id in definition.EosIds)
        {
            CheckId("end-of-sequence", id, count);
        }

        for (int id = 0; id < count; id++)
        {
            if (definition.Kinds[id] is < TokenKind.Normal or > TokenKind.Byte)
            {
                throw new TokenizerException(
                    TokenizerError.InvalidField, $"Token {id} has the unknown kind {(int)definition.Kinds[id]}.");
            }
        }
    }

    /// <summary>The fault of text that no token can express.</summary>
    public static TokenizerException NoFallback() => new(
        TokenizerError.MissingFallback,
        "The vocabulary has neither all 256 byte tokens nor an unknown token, so some text could not be expressed.");

    private static void CheckLength(string what, int actual, int expected)
    {
        if (actual != expected)
        {
            throw new TokenizerException(
                TokenizerError.LengthMismatch, $"There are {actual} {what} for {expected} tokens.");
        }
    }

    private static void CheckId(string what, int id, int count)
    {
        if (id < -1 || id >= count)
        {
            throw new TokenizerException(
                TokenizerError.TokenOutOfRange, $"The {what} id {id} lies outside the vocabulary of {count} tokens.");
        }
    }
}
