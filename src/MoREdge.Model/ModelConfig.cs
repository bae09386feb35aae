namespace MoREdge.Model;

/// <summary>Which two dimensions of a head one rotary angle turns.</summary>
public enum RopePairing
{
    /// <summary>(i, i + d / 2) of d rotated dimensions: Hugging Face checkpoints, most GGUF architectures.</summary>
    HalfSplit,

    /// <summary>
    /// (2i, 2i + 1): llama2.c, torchscale, <see cref="MoREdge.ModelFile.Architectures.PairsNeighbours"/>.
    /// </summary>
    Interleaved,
}

/// <summary>The dimensions of a decoder model, as its file states them.</summary>
public sealed class ModelConfig
{
    /// <summary>general.architecture, one of those in <see cref="MoREdge.ModelFile.Architectures"/>.</summary>
    public required string Architecture { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int ModelDim { get; init; }

    /// <summary>Width of the feed-forward network.</summary>
    public required int FfnDim { get; init; }

    /// <summary>Query heads.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Key/value heads; HeadCount is a multiple.</summary>
    public required int KvHeadCount { get; init; }

    /// <summary>Width of a head.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Rows of the embedding.</summary>
    public required int VocabSize { get; init; }

    /// <summary>Trained context in tokens.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Physical blocks.</summary>
    public required int BlockCount { get; init; }

    /// <summary>Epsilon of the RMS norms.</summary>
    public required float RmsNormEpsilon { get; init; }

    /// <summary>Base of the rotary embedding.</summary>
    public required float RopeTheta { get; init; }

    /// <summary>Which dimensions a rotary angle turns.</summary>
    public required RopePairing RopePairing { get; init; }

    /// <summary>How positions become angles, beyond base and pairing.</summary>
    public RotaryConfig Rotary { get; init; } = new();

    /// <summary>Norms before attention and before the feed-forward network.</summary>
    public bool HasPreNorms { get; init; } = true;

    /// <summary>Norms of what attention and the feed-forward network add to the residual stream.</summary>
    public bool HasPostNorms { get; init; }

    /// <summary>Whether those norms are of the sum with the residual stream, which is then normed itself.</summary>
    public bool NormsSums { get; init; }

    /// <summary>Norms of queries and keys.</summary>
    public QueryKeyNorm QueryKeyNorm { get; init; }

    /// <summary>The feed-forward network's function.</summary>
    public GateActivation Activation { get; init; }

    /// <summary>Factor of the embedding's rows.</summary>
    public float EmbeddingScale { get; init; } = 1;

    /// <summary>Factor of what attention and the feed-forward network add to the residual stream.</summary>
    public float ResidualScale { get; init; } = 1;

    /// <summary>Factor of the logits.</summary>
    public float LogitFactor { get; init; } = 1;

    /// <summary>Factor of attention scores; 1 / √HeadDim when null.</summary>
    public float? AttentionScale { get; init; }

    /// <summary>Queries, keys and values are clamped to ± so much, behind their norms; 0 for not at all.</summary>
    public float ProjectionBound { get; init; }

    /// <summary>Attention scores are kept within ± so much by a tanh; 0 for not at all.</summary>
    public float AttentionSoftCap { get; init; }

    /// <summary>Logits are kept within ± so much by a tanh; 0 for not at all.</summary>
    public float LogitSoftCap { get; init; }

    /// <summary>Per physical block what may differ between blocks; empty where none differs from the default.</summary>
    public IReadOnlyList<BlockConfig> Blocks { get; init; } = [];

    /// <summary>Retention in place of attention, or null.</summary>
    public RetentionConfig? Retention { get; init; }

    /// <summary>False for a feed-forward network whose hidden layer is the function alone, with no gate.</summary>
    public bool IsFfnGated { get; init; } = true;

    /// <summary>Whether the network begins with a norm of the embedding's rows.</summary>
    public bool HasEmbeddingNorm { get; init; }

    /// <summary>The mixture of experts, or null.</summary>
    public ExpertConfig? Experts { get; init; }

    /// <summary>Which tokens skip which layers; null where every token runs all.</summary>
    public SkipConfig? Skips { get; init; }

    /// <summary>The loop, or null for an ordinary decoder.</summary>
    public RecursionConfig? Recursion { get; init; }

    /// <summary>Width of all query heads together.</summary>
    public int QueryDim => HeadCount * HeadDim;

    /// <summary>Width of all key heads together.</summary>
    public int KvDim => KvHeadCount * HeadDim;

    /// <summary>Width of a value head.</summary>
    public int ValueDim => Retention?.ValueDim ?? HeadDim;

    /// <summary>Width of all value heads together.</summary>
    public int KvValueDim => KvHeadCount * ValueDim;

    /// <summary>Width of what all query heads give together.</summary>
    public int MixedDim => HeadCount * ValueDim;

    /// <summary>Width of the widest feed-forward network.</summary>
    public int FfnDimMax => Math.Max(FfnDim, Math.Max(Experts?.FfnDim ?? 0, Experts?.SharedFfnDim ?? 0));

    /// <summary>What is particular about a physical block.</summary>
    public BlockConfig Block(int index) => Blocks.Count == 0 ? BlockConfig.Default : Blocks[index];

    /// <summary>Most that a token's depth is counted to: recursions, or layers that it can skip.</summary>
    public int DepthCount => Skips?.RoutedCount ?? RecursionCount;

    /// <summary>Recursions N of the loop; 1 for an ordinary decoder.</summary>
    public int RecursionCount => Recursion?.RecursionCount ?? 1;
}
