namespace MoREdge.Cli;

/// <summary>The dimensions of a well-known model, for measurements that need no download.</summary>
/// <param name="Name">The name that --synthetic takes.</param>
/// <param name="LayerCount">Layers, the recursions unrolled.</param>
/// <param name="ModelDim">Width of the residual stream.</param>
/// <param name="HeadCount">Query heads of 64.</param>
/// <param name="KvHeadCount">Key/value heads of 64.</param>
/// <param name="FfnDim">Width of the feed-forward network.</param>
/// <param name="RecursionCount">
/// Recursions of the loop between a first and a last layer; 1 for an ordinary decoder.
/// </param>
internal sealed record SyntheticShape(
    string Name, int LayerCount, int ModelDim, int HeadCount, int KvHeadCount, int FfnDim, int RecursionCount)
{
    /// <summary>Width of a head.</summary>
    public const int HeadDim = 64;

    /// <summary>Rows of the embedding, which is the head too.</summary>
    public const int VocabSize = 49152;

    /// <summary>Trained context.</summary>
    public const int ContextLength = 8192;

    /// <summary>
    /// Every shape there is. SmolLM2: arXiv:2502.02737. The recursive ones have the 360M width and the layouts of
    /// arXiv:2507.10524: 1 + 15·2 + 1 and 1 + 10·3 + 1 layers, as many as the 360M, and 1 + 8·4 + 1, two more.
    /// </summary>
    public static SyntheticShape[] All { get; } =
    [
        new("smollm2-135m", 30, 576, 9, 3, 1536, 1),
        new("smollm2-360m", 32, 960, 15, 5, 2560, 1),
        new("mor-360m-n2", 32, 960, 15, 5, 2560, 2),
        new("mor-360m-n3", 32, 960, 15, 5, 2560, 3),
        new("mor-360m-n4", 34, 960, 15, 5, 2560, 4),
    ];

    /// <summary>Layers of the shared block.</summary>
    public int BaseDepth => (LayerCount - 2) / RecursionCount;

    /// <summary>Physical blocks.</summary>
    public int BlockCount => RecursionCount == 1 ? LayerCount : BaseDepth + 2;

    /// <summary>The names, for help and messages.</summary>
    public static string[] Names() => Array.ConvertAll(All, shape => shape.Name);

    /// <summary>The shape of that name.</summary>
    public static SyntheticShape Find(string name) => Array.Find(All, shape => shape.Name == name)
        ?? throw new UsageException($"There is no synthetic model '{name}'; there are: {string.Join(", ", Names())}.");
}
