namespace MoREdge.Cli;

/// <summary>The dimensions of a well-known model, for measurements that need no download.</summary>
/// <param name="Name">The name that --synthetic takes.</param>
/// <param name="LayerCount">Layers, the recursions unrolled.</param>
/// <param name="ModelDim">Width of the residual stream.</param>
/// <param name="HeadCount">Query heads.</param>
/// <param name="KvHeadCount">Key/value heads.</param>
/// <param name="FfnDim">Width of the feed-forward network.</param>
/// <param name="RecursionCount">
/// Recursions of the loop between a first and a last layer; 1 for an ordinary decoder.
/// </param>
internal sealed record SyntheticShape(
    string Name, int LayerCount, int ModelDim, int HeadCount, int KvHeadCount, int FfnDim, int RecursionCount)
{
    /// <summary>Trained context.</summary>
    public const int ContextLength = 8192;

    private const int LargeVocabSize = 32000;

    /// <summary>
    /// Every shape there is. SmolLM2: arXiv:2502.02737. The recursive ones have the 360M width and the layouts of
    /// arXiv:2507.10524: 1 + 15·2 + 1 and 1 + 10·3 + 1 layers, as many as the 360M, and 1 + 8·4 + 1, two more. The
    /// RetNet is the 1.3B of flash-linear-attention, 1.35 billion weights; the Llamas beside it have 1.36 billion, one
    /// with a key/value head per query head, as the paper of RetNet compares, and one with a quarter of them, as most
    /// have today. The mixture is Granite 3.0 1B-A400M: 1.33 billion weights, of which a token uses 0.43.
    /// Mixture-of-Depths has the 360M's layers, every other one for an eighth of the tokens (arXiv:2404.02258, section
    /// 4.1). Gemma 3 1B (arXiv:2503.19786): 1.0 billion weights, 0.3 of them the embedding; five of six layers see 512
    /// tokens.
    /// </summary>
    public static SyntheticShape[] All { get; } =
    [
        new("smollm2-135m", 30, 576, 9, 3, 1536, 1),
        new("smollm2-360m", 32, 960, 15, 5, 2560, 1),
        new("mor-360m-n2", 32, 960, 15, 5, 2560, 2),
        new("mor-360m-n3", 32, 960, 15, 5, 2560, 3),
        new("mor-360m-n4", 34, 960, 15, 5, 2560, 4),
        new("retnet-1.3b", 24, 2048, 8, 8, 2816, 1)
        {
            HeadDim = 256, ValueDim = 512, VocabSize = LargeVocabSize, IsHeadTied = false, Retains = true,
        },
        new("llama-1.3b", 24, 2048, 32, 32, 5632, 1) { VocabSize = LargeVocabSize, IsHeadTied = false },
        new("llama-1.3b-gqa", 24, 2048, 32, 8, 6656, 1) { VocabSize = LargeVocabSize, IsHeadTied = false },
        new("granite-moe-1b", 24, 1024, 16, 8, 512, 1) { ExpertCount = 32, UsedExpertCount = 8 },
        new("mod-360m", 32, 960, 15, 5, 2560, 1) { RoutedCapacity = 0.125 },
        new("gemma3-1b", 26, 1152, 4, 1, 6912, 1) { HeadDim = 256, ValueDim = 256, VocabSize = 262144, Window = 512 },
    ];

    /// <summary>Width of a query or key head.</summary>
    public int HeadDim { get; init; } = 64;

    /// <summary>Width of a value head.</summary>
    public int ValueDim { get; init; } = 64;

    /// <summary>Rows of the embedding.</summary>
    public int VocabSize { get; init; } = 49152;

    /// <summary>Whether the embedding is the head too.</summary>
    public bool IsHeadTied { get; init; } = true;

    /// <summary>Whether layers retain instead of attending, in the dialect of flash-linear-attention.</summary>
    public bool Retains { get; init; }

    /// <summary>Experts of a layer; 0 for none. FfnDim is the width of one.</summary>
    public int ExpertCount { get; init; }

    /// <summary>Experts that a token goes through.</summary>
    public int UsedExpertCount { get; init; }

    /// <summary>Share of the tokens that run every other layer (Mixture-of-Depths); 1 for all.</summary>
    public double RoutedCapacity { get; init; } = 1;

    /// <summary>
    /// Tokens that five of six layers see, in an architecture that has such layers (Gemma 3); 0 where all see all.
    /// </summary>
    public int Window { get; init; }

    /// <summary>Width of the hidden layer of the draft head; 0 without one.</summary>
    public int DraftSize { get; init; }

    /// <summary>Layers of the shared block.</summary>
    public int BaseDepth => (LayerCount - 2) / RecursionCount;

    /// <summary>Physical blocks.</summary>
    public int BlockCount => RecursionCount == 1 ? LayerCount : BaseDepth + 2;

    /// <summary>Whether only some tokens run a block.</summary>
    public bool IsRouted(int block) => RoutedCapacity < 1 && block % 2 == 1;

    /// <summary>The names, for help and messages.</summary>
    public static string[] Names() => Array.ConvertAll(All, shape => shape.Name);

    /// <summary>The shape of that name.</summary>
    public static SyntheticShape Find(string name) => Array.Find(All, shape => shape.Name == name)
        ?? throw new UsageException($"There is no synthetic model '{name}'; there are: {string.Join(", ", Names())}.");
}
