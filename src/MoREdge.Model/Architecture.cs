using MoREdge.ModelFile;

namespace MoREdge.Model;

/// <summary>What is normed of queries and keys, between their projection and their rotation.</summary>
public enum QueryKeyNorm
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Each head by itself, with weights that the heads share (Qwen3, Gemma 3).</summary>
    PerHead,

    /// <summary>The whole projection at once (OLMo 2, OLMoE).</summary>
    Whole,
}

/// <summary>The function on the gate of a gated feed-forward network.</summary>
public enum GateActivation
{
    /// <summary>x·sigmoid(x).</summary>
    Silu,

    /// <summary>GELU in its tanh form.</summary>
    GeluTanh,

    /// <summary>GELU with the error function.</summary>
    Gelu,

    /// <summary>x·sigmoid(1.702·x) of a bounded gate, times a bounded up projection plus 1 (gpt-oss).</summary>
    Clamped,
}

/// <summary>
/// What a general.architecture implies that its files do not say: how a layer is wired, and the defaults of keys that
/// writers of such files leave out. To add one, add an entry to <see cref="All"/>; src/README.md has all steps.
/// </summary>
internal sealed record Architecture(string Name)
{
    /// <summary>Norms before attention and before the feed-forward network.</summary>
    public bool HasPreNorms { get; init; } = true;

    /// <summary>Norms of what attention and the feed-forward network add to the residual stream.</summary>
    public bool HasPostNorms { get; init; }

    /// <summary>The norms behind attention and feed-forward network are of the sum with the residual stream.</summary>
    public bool NormsSums { get; init; }

    /// <summary>All blocks, or those between a prelude and a coda, run several times.</summary>
    public bool IsLooped { get; init; }

    /// <summary>The loop runs on a state of its own, see <see cref="RecursionConfig.HasAdapter"/>.</summary>
    public bool HasAdapter { get; init; }

    /// <summary>Norms of queries and keys.</summary>
    public QueryKeyNorm QueryKeyNorm { get; init; }

    /// <summary>The feed-forward network's function.</summary>
    public GateActivation Activation { get; init; }

    /// <summary>Retention in place of attention.</summary>
    public bool Retains { get; init; }

    /// <summary>Embeddings are multiplied by √ModelDim unless the file says another scale.</summary>
    public bool ScalesEmbedding { get; init; }

    /// <summary>
    /// With a sliding window: every so many layers one sees everything, the others the window; 0 when the window is for
    /// all layers.
    /// </summary>
    public int FullAttentionPeriod { get; init; }

    /// <summary>Every so many layers one is not rotated; 0 when all are.</summary>
    public int UnrotatedPeriod { get; init; }

    /// <summary>A file that says its angles are not fine-tuned rotates nothing.</summary>
    public bool HasRotationSwitch { get; init; }

    /// <summary>The weights of the chosen experts are made to sum to 1 unless the file says otherwise.</summary>
    public bool NormalizesExpertWeights { get; init; }

    /// <summary>Layers with a window keep their rotary frequencies when the others' are stretched.</summary>
    public bool HasWindowFrequencies { get; init; }

    /// <summary>The base of the rotary embedding of layers with a window; that of the others when null.</summary>
    public float? WindowThetaDefault { get; init; }

    /// <summary>The window where the file names none; 0 for no window.</summary>
    public int SlidingWindowDefault { get; init; }

    /// <summary>Bound of attention scores where the file names none; 0 for no bound.</summary>
    public float AttentionSoftCapDefault { get; init; }

    /// <summary>Bound of logits where the file names none; 0 for no bound.</summary>
    public float LogitSoftCapDefault { get; init; }

    /// <summary>
    /// With so many blocks, scores are scaled by 1 / √(ModelDim / HeadCount), which is not the width of a head.
    /// </summary>
    public int WideScaleBlockCount { get; init; }

    /// <summary>Every architecture this version runs.</summary>
    public static IReadOnlyList<Architecture> All { get; } =
    [
        new(Architectures.Llama) { NormalizesExpertWeights = true },
        new(Architectures.Recursive),
        new(Architectures.Qwen2),
        new(Architectures.Qwen2Experts),
        new(Architectures.Qwen3) { QueryKeyNorm = QueryKeyNorm.PerHead },
        new(Architectures.Qwen3Experts) { QueryKeyNorm = QueryKeyNorm.PerHead, NormalizesExpertWeights = true },
        new(Architectures.Gemma2)
        {
            HasPostNorms = true, Activation = GateActivation.GeluTanh, ScalesEmbedding = true,
            FullAttentionPeriod = 2, SlidingWindowDefault = 4096, WideScaleBlockCount = 46,
            AttentionSoftCapDefault = 50, LogitSoftCapDefault = 30,
        },
        new(Architectures.Gemma3)
        {
            HasPostNorms = true, Activation = GateActivation.GeluTanh, ScalesEmbedding = true,
            FullAttentionPeriod = 6, HasWindowFrequencies = true, WindowThetaDefault = 10000, WideScaleBlockCount = 62,
            QueryKeyNorm = QueryKeyNorm.PerHead,
        },
        new(Architectures.Phi3),
        new(Architectures.Granite) { HasRotationSwitch = true },
        new(Architectures.GraniteExperts) { NormalizesExpertWeights = true, HasRotationSwitch = true },
        new(Architectures.Olmo2)
        {
            HasPreNorms = false, HasPostNorms = true, QueryKeyNorm = QueryKeyNorm.Whole, FullAttentionPeriod = 4,
            HasWindowFrequencies = true,
        },
        new(Architectures.Olmoe) { QueryKeyNorm = QueryKeyNorm.Whole },
        new(Architectures.SmolLm3) { UnrotatedPeriod = 4 },
        new(Architectures.Nanbeige) { IsLooped = true },
        new(Architectures.Ouro) { IsLooped = true, HasPostNorms = true },
        new(Architectures.Huginn)
        {
            IsLooped = true, HasPostNorms = true, NormsSums = true, ScalesEmbedding = true, HasAdapter = true,
        },
        new(Architectures.Depths),
        new(Architectures.RetNet) { Retains = true },
    ];

    /// <summary>The architecture of a name, or null.</summary>
    public static Architecture? Find(string name)
    {
        foreach (Architecture architecture in All)
        {
            if (architecture.Name == name)
            {
                return architecture;
            }
        }

        return null;
    }
}
