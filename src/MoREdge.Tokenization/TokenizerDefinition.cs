namespace MoREdge.Tokenization;

/// <summary>How pieces of text become tokens.</summary>
public enum TokenizerAlgorithm
{
    /// <summary>
    /// Byte-pair encoding over the 256 bytes (Radford et al. 2019, section 2.2): merges by rank inside pre-tokens.
    /// </summary>
    ByteLevelBpe,

    /// <summary>
    /// Byte-pair encoding over characters with byte fallback (Kudo and Richardson 2018): merges by rank or by score.
    /// </summary>
    SentencePieceBpe,
}

/// <summary>What a token is; the values are those of GGUF's <c>tokenizer.ggml.token_type</c>.</summary>
public enum TokenKind
{
    /// <summary>A piece of text.</summary>
    Normal = 1,

    /// <summary>Stands for text that the vocabulary cannot express.</summary>
    Unknown = 2,

    /// <summary>Controls the model (begin, end, roles) and is never produced from untrusted text.</summary>
    Control = 3,

    /// <summary>A piece that is matched as a whole before anything is split.</summary>
    UserDefined = 4,

    /// <summary>A piece that must not be produced; a merge that ends in one is undone.</summary>
    Unused = 5,

    /// <summary>One byte, spelled <c>&lt;0xAB&gt;</c>.</summary>
    Byte = 6,
}

/// <summary>
/// Which text segments a space is put in front of, when <see cref="TokenizerDefinition.AddSpacePrefix"/> is set.
/// </summary>
public enum SpacePrefixScope
{
    /// <summary>Every segment between special tokens: Hugging Face's Prepend normalizer, and GGUF.</summary>
    EverySegment,

    /// <summary>Only the segment that starts the text: SentencePiece itself, and Metaspace "first".</summary>
    FirstSegment,
}

/// <summary>Everything that a file says about its tokenizer, before any table is built.</summary>
public sealed record TokenizerDefinition
{
    /// <summary>Tokens that end a turn in the public chat formats, for files that do not name theirs.</summary>
    public static IReadOnlyList<string> TurnEnds { get; } =
        ["<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|end|>", "<|end_of_turn|>"];

    /// <summary>How pieces of text become tokens.</summary>
    public required TokenizerAlgorithm Algorithm { get; init; }

    /// <summary>
    /// Token texts by id, shape (VocabSize): byte-level spelling or ▁ for a space, exactly as the file has them.
    /// </summary>
    public required TextTable Tokens { get; init; }

    /// <summary>Token kinds by id, shape (VocabSize).</summary>
    public required TokenKind[] Kinds { get; init; }

    /// <summary>Merges "left right", most urgent first; null when scores decide.</summary>
    public TextTable? Merges { get; init; }

    /// <summary>Scores by id, shape (VocabSize), higher merges first; null when merges decide.</summary>
    public float[]? Scores { get; init; }

    /// <summary>
    /// How byte-level text is cut before merging; SentencePiece uses <see cref="PreTokenizer.None"/>.
    /// </summary>
    public PreTokenizer PreTokenizer { get; init; }

    /// <summary>Begin of sequence, or -1.</summary>
    public int BosId { get; init; } = -1;

    /// <summary>End of sequence, or -1.</summary>
    public int EosId { get; init; } = -1;

    /// <summary>Unknown token, or -1.</summary>
    public int UnknownId { get; init; } = -1;

    /// <summary>Padding, or -1.</summary>
    public int PaddingId { get; init; } = -1;

    /// <summary>End of one speaker's turn in a chat, or -1.</summary>
    public int EndOfTurnId { get; init; } = -1;

    /// <summary>
    /// Further tokens that end a generation, beside <see cref="EosId"/> and <see cref="EndOfTurnId"/>.
    /// </summary>
    public IReadOnlyList<int> EosIds { get; init; } = [];

    /// <summary>Whether <see cref="BosId"/> is put in front.</summary>
    public bool AddBos { get; init; }

    /// <summary>Whether <see cref="EosId"/> is put behind.</summary>
    public bool AddEos { get; init; }

    /// <summary>Whether a space is put in front of the text segments that <see cref="PrefixScope"/> names.</summary>
    public bool AddSpacePrefix { get; init; }

    /// <summary>Which segments get the space.</summary>
    public SpacePrefixScope PrefixScope { get; init; }

    /// <summary>Whether a segment that already starts with a space gets no second one (Metaspace, ByteLevel).</summary>
    public bool PrefixOnlyIfMissing { get; init; }

    /// <summary>
    /// Whether runs of spaces become one and those at both ends vanish (SentencePiece's normalizer option).
    /// </summary>
    public bool RemoveExtraWhitespaces { get; init; }

    /// <summary>Whether text is brought to Unicode normalization form C first (Qwen2).</summary>
    public bool NormalizeNfc { get; init; }

    /// <summary>
    /// Whether a whole pre-token that is a token is taken as it is, whatever the merges say (Llama 3).
    /// </summary>
    public bool IgnoreMerges { get; init; }

    /// <summary>Whether neighbouring unknown characters share one unknown token.</summary>
    public bool FuseUnknown { get; init; } = true;

    /// <summary>Special tokens that swallow the white space before them.</summary>
    public IReadOnlyList<int> LeftStripIds { get; init; } = [];

    /// <summary>Special tokens that swallow the white space after them.</summary>
    public IReadOnlyList<int> RightStripIds { get; init; } = [];

    /// <summary>
    /// Special tokens that are found in normalized text, where a space stands before every segment (Hugging Face's
    /// Prepend): so they are found only behind a space or where a segment begins, take that space with them, and what
    /// follows them gets none.
    /// </summary>
    public IReadOnlyList<int> NormalizedIds { get; init; } = [];

    /// <summary>The chat template (Jinja), or null.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>The id of a token text, or -1; a linear search for the few lookups of a loader.</summary>
    /// <param name="text">The token text as the file has it.</param>
    public int FindToken(string? text) => text is null ? -1 : Tokens.IndexOf(text);

    /// <summary>Whether a token is a control or a user-defined one.</summary>
    public bool IsSpecial(int id) =>
        id < Kinds.Length && Kinds[id] is TokenKind.Control or TokenKind.UserDefined;

    /// <summary>
    /// The id of the special token that ends a turn in the public chat formats, or -1, for files that do not name
    /// theirs.
    /// </summary>
    public int FindEndOfTurn()
    {
        foreach (string text in TurnEnds)
        {
            int id = FindToken(text);
            if (id >= 0 && IsSpecial(id))
            {
                return id;
            }
        }

        return -1;
    }
}
