namespace MoREdge.Tokenization;

/// <summary>Every way a tokenizer file, definition or input can be wrong.</summary>
public enum TokenizerError
{
    /// <summary>The file is larger than any tokenizer file should be.</summary>
    FileTooLarge,

    /// <summary>The file ends inside a value.</summary>
    Truncated,

    /// <summary>The file is not JSON.</summary>
    InvalidJson,

    /// <summary>The file is not a protobuf message.</summary>
    InvalidProtobuf,

    /// <summary>A field that the tokenizer needs is absent.</summary>
    MissingField,

    /// <summary>A field has a type or a value that it must not have.</summary>
    InvalidField,

    /// <summary>The file asks for a component that this library does not have.</summary>
    UnsupportedComponent,

    /// <summary>The GGUF name of the pre-tokenizer is not known.</summary>
    UnknownPreTokenizer,

    /// <summary>There are no tokens.</summary>
    EmptyVocabulary,

    /// <summary>The tokens are more than <see cref="TokenizerLimits.TokensMax"/>, or have too many bytes.</summary>
    VocabularyTooLarge,

    /// <summary>A token is longer than <see cref="TokenizerLimits.TokenBytesMax"/>, or a special one than
    /// <see cref="TokenizerLimits.SpecialTokenBytesMax"/>.</summary>
    TokenTooLong,

    /// <summary>Two different tokens claim one id.</summary>
    DuplicateTokenId,

    /// <summary>Kinds or scores do not have one entry per token.</summary>
    LengthMismatch,

    /// <summary>An id lies outside the vocabulary.</summary>
    TokenOutOfRange,

    /// <summary>A merge is not two parts with a space between.</summary>
    MalformedMerge,

    /// <summary>A merge makes a piece that is no token, or none of its spaces parts two tokens.</summary>
    MergeOutOfVocabulary,

    /// <summary>Neither merges nor scores say what merges first.</summary>
    MissingMergesOrScores,

    /// <summary>A score is not a number.</summary>
    InvalidScore,

    /// <summary>Some text has neither byte tokens nor an unknown token to fall back to.</summary>
    MissingFallback,

    /// <summary>The text is longer than <see cref="TokenizerLimits.TextCharsMax"/>.</summary>
    TextTooLong,
}

/// <summary>A tokenizer file, definition or input is wrong; the message is one sentence that says how.</summary>
public sealed class TokenizerException : Exception
{
    /// <summary>Reports one fault.</summary>
    /// <param name="error">Which fault.</param>
    /// <param name="sentence">What is wrong, in one sentence.</param>
    public TokenizerException(TokenizerError error, string sentence)
        : base(sentence) => Error = error;

    /// <summary>Reports one fault that a parser found.</summary>
    /// <param name="error">Which fault.</param>
    /// <param name="sentence">What is wrong, in one sentence.</param>
    /// <param name="inner">The parser's own words.</param>
    public TokenizerException(TokenizerError error, string sentence, Exception inner)
        : base(sentence, inner) => Error = error;

    /// <summary>Which fault.</summary>
    public TokenizerError Error { get; }
}

/// <summary>The limits that bytes from outside are checked against.</summary>
public static class TokenizerLimits
{
    /// <summary>Largest tokenizer file, in bytes; the largest public one (262,144 tokens) has 34 MB.</summary>
    public const int FileBytesMax = 128 << 20;

    /// <summary>Most tokens; the largest public vocabularies hold about 262,144.</summary>
    public const int TokensMax = 1 << 20;

    /// <summary>Longest token, in UTF-8 bytes.</summary>
    public const int TokenBytesMax = 1 << 12;

    /// <summary>
    /// Longest control, unknown or user-defined token, in UTF-8 bytes; the longest known ones have 93. They
    /// are looked for at every place of a text.
    /// </summary>
    public const int SpecialTokenBytesMax = 1 << 8;

    /// <summary>Longest text of one call, in UTF-16 units.</summary>
    public const int TextCharsMax = 32 << 20;
}
