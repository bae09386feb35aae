namespace MoREdge.ModelFile;

/// <summary>Values of general.architecture, and what they say about the order of a file's rows.</summary>
public static class Architectures
{
    /// <summary>Llama 1 to 3, Mistral, Mixtral, SmolLM 1 and 2, TinyLlama.</summary>
    public const string Llama = "llama";

    /// <summary>Mixture-of-Recursions and plain recursive models with the layers of Llama; ours.</summary>
    public const string Recursive = "mor";

    /// <summary>Qwen 1.5, 2 and 2.5.</summary>
    public const string Qwen2 = "qwen2";

    /// <summary>Qwen 1.5 and 2, mixture of experts.</summary>
    public const string Qwen2Experts = "qwen2moe";

    /// <summary>Qwen 3.</summary>
    public const string Qwen3 = "qwen3";

    /// <summary>Qwen 3, mixture of experts.</summary>
    public const string Qwen3Experts = "qwen3moe";

    /// <summary>Gemma 2.</summary>
    public const string Gemma2 = "gemma2";

    /// <summary>Gemma 3, text.</summary>
    public const string Gemma3 = "gemma3";

    /// <summary>Phi 3, 3.5 and 4 mini.</summary>
    public const string Phi3 = "phi3";

    /// <summary>Granite 3.</summary>
    public const string Granite = "granite";

    /// <summary>Granite 3, mixture of experts.</summary>
    public const string GraniteExperts = "granitemoe";

    /// <summary>OLMo 2.</summary>
    public const string Olmo2 = "olmo2";

    /// <summary>OLMoE.</summary>
    public const string Olmoe = "olmoe";

    /// <summary>SmolLM 3.</summary>
    public const string SmolLm3 = "smollm3";

    /// <summary>Nanbeige 4.2: the layers of Llama, all of them several times.</summary>
    public const string Nanbeige = "nanbeige";

    /// <summary>Ouro: sandwich norms, all layers several times, an exit gate; ours.</summary>
    public const string Ouro = "ouro";

    /// <summary>Huginn: a prelude, a core that runs on its own state, a coda; ours.</summary>
    public const string Huginn = "huginn";

    /// <summary>Mixture-of-Depths with the layers of Llama, or experts in them; ours.</summary>
    public const string Depths = "mod";

    /// <summary>RetNet, in the dialects of torchscale and flash-linear-attention; ours.</summary>
    public const string RetNet = "retnet";

    private static readonly string[] Names =
    [
        Llama, Recursive, Qwen2, Qwen2Experts, Qwen3, Qwen3Experts, Gemma2, Gemma3, Phi3, Granite, GraniteExperts,
        Olmo2, Olmoe, SmolLm3, Nanbeige, Ouro, Huginn, Depths, RetNet,
    ];

    /// <summary>Every architecture that is run.</summary>
    public static IReadOnlyList<string> All => Names;

    /// <summary>Every architecture that is run, for sentences.</summary>
    public static string List => string.Join(", ", Names);

    /// <summary>Whether an architecture is run.</summary>
    public static bool IsKnown(string architecture) => Array.IndexOf(Names, architecture) >= 0;

    /// <summary>
    /// True when the rotary embedding turns neighbouring dimensions of a head: files of these architectures hold the
    /// rows of query and key projections in another order than Hugging Face checkpoints.
    /// </summary>
    public static bool PairsNeighbours(string architecture) =>
        architecture is Llama or Granite or GraniteExperts or SmolLm3 or Nanbeige or Huginn;
}
