namespace MoREdge.Tokenization;

/// <summary>How byte-level text is cut into pre-tokens; merges never cross a cut.</summary>
public enum PreTokenizer
{
    /// <summary>No cut.</summary>
    None,

    /// <summary>
    /// GPT-2's pattern: <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>.
    /// </summary>
    Gpt2,

    /// <summary>Every numeric character alone, then GPT-2's pattern between them (SmolLM, StarCoder).</summary>
    Smollm,

    /// <summary>
    /// Llama 3's pattern: contractions in any case, digits in threes, line ends kept with what precedes them.
    /// </summary>
    Llama3,

    /// <summary>Qwen2's pattern: Llama 3's with single digits.</summary>
    Qwen2,

    /// <summary>Llama 3's pattern in GGUF files whose merges decide alone (OLMo 2, Phi-4, Granite 4).</summary>
    Cl100k,

    /// <summary>
    /// GPT-4o's pattern: words end where small letters meet capital ones, contractions stay with their word, digits in
    /// threes (Phi-4-mini).
    /// </summary>
    O200k,

    /// <summary>Mistral's "tekken": GPT-4o's pattern with single digits and without contractions.</summary>
    Tekken,
}

/// <summary>The names that GGUF files give to pre-tokenizers (<c>tokenizer.ggml.pre</c>).</summary>
public static class PreTokenizers
{
    /// <summary>
    /// The pre-tokenizer of a GGUF name; no name and "default" mean none, which suits SentencePiece vocabularies only.
    /// </summary>
    /// <param name="name">The value of <c>tokenizer.ggml.pre</c>, or null when the file has none.</param>
    /// <exception cref="TokenizerException">The name is not known.</exception>
    public static PreTokenizer FromGgufName(string? name) => name switch
    {
        null or "default" => PreTokenizer.None,
        "gpt-2" or "phi-2" or "mpt" or "olmo" => PreTokenizer.Gpt2,
        "smollm" or "starcoder" or "refact" or "command-r" or "codeshell" => PreTokenizer.Smollm,
        "llama-bpe" or "llama3" or "llama-v3" or "falcon3" or "lfm2" => PreTokenizer.Llama3,
        "qwen2" or "stablelm2" or "deepseek-r1-qwen" => PreTokenizer.Qwen2,
        "dbrx" or "smaug-bpe" => PreTokenizer.Cl100k,
        "gpt-4o" => PreTokenizer.O200k,
        "tekken" => PreTokenizer.Tekken,
        _ => throw new TokenizerException(
            TokenizerError.UnknownPreTokenizer, $"The pre-tokenizer \"{name}\" is not known."),
    };

    /// <summary>The GGUF name of a pre-tokenizer.</summary>
    /// <param name="preTokenizer">Any defined value.</param>
    public static string ToGgufName(PreTokenizer preTokenizer) => preTokenizer switch
    {
        PreTokenizer.Gpt2 => "gpt-2",
        PreTokenizer.Smollm => "smollm",
        PreTokenizer.Llama3 => "llama-bpe",
        PreTokenizer.Qwen2 => "qwen2",
        PreTokenizer.Cl100k => "dbrx",
        PreTokenizer.O200k => "gpt-4o",
        PreTokenizer.Tekken => "tekken",
        _ => "default",
    };

    /// <summary>
    /// Whether a GGUF file with this pre-tokenizer takes whole pre-tokens past the merges; GGUF has no key for it.
    /// </summary>
    /// <param name="preTokenizer">Any defined value.</param>
    public static bool ImpliesIgnoreMerges(PreTokenizer preTokenizer) =>
        preTokenizer is PreTokenizer.Llama3 or PreTokenizer.Tekken;
}
