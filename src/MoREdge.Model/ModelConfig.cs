namespace MoREdge.Model;

/// <summary>Which two dimensions of a head one rotary angle turns.</summary>
public enum RopePairing
{
    /// <summary>(i, i + HeadDim / 2): Hugging Face checkpoints, GGUF architectures other than llama.</summary>
    HalfSplit,

    /// <summary>(2i, 2i + 1): llama2.c and the GGUF architecture llama.</summary>
    Interleaved,
}

/// <summary>The dimensions of a decoder model, as its file states them.</summary>
public sealed class ModelConfig
{
    /// <summary>general.architecture: llama, qwen2 or mor.</summary>
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

    /// <summary>The loop, or null for an ordinary decoder.</summary>
    public RecursionConfig? Recursion { get; init; }

    /// <summary>Width of all query heads together.</summary>
    public int QueryDim => HeadCount * HeadDim;

    /// <summary>Width of all key (or value) heads together.</summary>
    public int KvDim => KvHeadCount * HeadDim;

    /// <summary>Recursions N of the loop; 1 for an ordinary decoder.</summary>
    public int RecursionCount => Recursion?.RecursionCount ?? 1;
}
