using System.Globalization;
using System.Runtime.InteropServices;
using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Tests.Cli;

/// <summary>
/// A float32 model of random weights, small enough to check every number of it by hand: a token is a byte.
/// </summary>
internal sealed record ByteModel
{
    public const int ModelDim = 32;
    public const int KvDim = 16;
    public const int VocabSize = 257;
    public const int BeginId = 256;
    public const int EndId = 0;
    public const int FfnDim = 64;

    /// <summary>Tokens that the file says the model was trained on.</summary>
    public int ContextLength { get; init; } = 64;

    /// <summary>Seed of the weights.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>
    /// Recursions of a middle_cycle expert-choice model with a shared block of two layers; 1 for a plain decoder.
    /// </summary>
    public int RecursionCount { get; init; } = 1;

    /// <summary>Width of the hidden layer of a draft head; 0 without one.</summary>
    public int DraftSize { get; init; }

    /// <summary>Whether a byte-level tokenizer without merges is in the file.</summary>
    public bool HasTokenizer { get; init; } = true;

    /// <summary>Rows of the embedding; fewer than the tokens of the tokenizer is a damaged model.</summary>
    public int EmbeddingRows { get; init; } = VocabSize;

    /// <summary>The temperature that the file recommends; null for none.</summary>
    public float? Temperature { get; init; }

    /// <summary>The chat template; null for none.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>Whether the tokenizer asks for a begin token.</summary>
    public bool AddsBegin { get; init; }

    /// <summary>Whether the tokenizer puts an end token, <see cref="EndId"/>, behind texts.</summary>
    public bool AddsEnd { get; init; }

    /// <summary>Whether the last norm is not a number, so that no logit is.</summary>
    public bool IsDamaged { get; init; }

    /// <summary>Tokens that every layer sees; 0 for all.</summary>
    public int Window { get; init; }

    private string Architecture => RecursionCount > 1 ? "mor" : "llama";

    private int BlockCount => RecursionCount > 1 ? 4 : 2;

    /// <summary>Writes the model and returns its path.</summary>
    public string Write(string path)
    {
        List<GgufTensorPlan> plans = Plans();
        using GgufWriter writer = new(path, Metadata(), plans);
        Random random = new(Seed);
        foreach (GgufTensorPlan plan in plans)
        {
            float[] values = new float[plan.Shape.ElementCount];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = plan.Shape.Rank == 1 ? 1 : (random.NextSingle() - 0.5f) * 0.6f;
            }

            if (IsDamaged && plan.Name == TensorNames.OutputNorm)
            {
                values[0] = float.NaN;
            }

            writer.Write(MemoryMarshal.AsBytes<float>(values));
        }

        writer.Finish();
        return path;
    }

    private List<GgufTensorPlan> Plans()
    {
        List<GgufTensorPlan> plans = [];
        void Add(string name, params ReadOnlySpan<long> shape) =>
            plans.Add(new GgufTensorPlan(name, new TensorShape(shape), ElementType.F32));

        Add(TensorNames.TokenEmbedding, EmbeddingRows, ModelDim);
        for (int block = 0; block < BlockCount; block++)
        {
            Add(TensorNames.Block(block, TensorNames.AttentionNorm), ModelDim);
            Add(TensorNames.Block(block, TensorNames.AttentionQuery), ModelDim, ModelDim);
            Add(TensorNames.Block(block, TensorNames.AttentionKey), KvDim, ModelDim);
            Add(TensorNames.Block(block, TensorNames.AttentionValue), KvDim, ModelDim);
            Add(TensorNames.Block(block, TensorNames.AttentionOutput), ModelDim, ModelDim);
            Add(TensorNames.Block(block, TensorNames.FfnNorm), ModelDim);
            Add(TensorNames.Block(block, TensorNames.FfnGate), FfnDim, ModelDim);
            Add(TensorNames.Block(block, TensorNames.FfnUp), FfnDim, ModelDim);
            Add(TensorNames.Block(block, TensorNames.FfnDown), ModelDim, FfnDim);
        }

        for (int r = 0; RecursionCount > 1 && r < RecursionCount; r++)
        {
            Add(TensorNames.ExpertRouter(r, TensorNames.RouterLinear), 1, ModelDim);
        }

        if (DraftSize > 0)
        {
            Add(TensorNames.DraftHiddenNorm, ModelDim);
            Add(TensorNames.DraftEmbeddingNorm, ModelDim);
            Add(TensorNames.DraftUp, DraftSize, 2 * ModelDim);
            Add(TensorNames.DraftDown, ModelDim, DraftSize);
        }

        Add(TensorNames.OutputNorm, ModelDim);
        return plans;
    }

    private GgufMetadata Metadata()
    {
        GgufMetadata metadata = new();
        void Set(string key, GgufValue value) => metadata.Set($"{Architecture}.{key}", value);
        void Count(string key, int value) => Set(key, GgufValue.FromUInt32((uint)value));

        metadata.Set(MetadataKeys.Architecture, GgufValue.FromString(Architecture));
        Count(MetadataKeys.BlockCount, BlockCount);
        Count(MetadataKeys.ContextLength, ContextLength);
        Count(MetadataKeys.EmbeddingLength, ModelDim);
        Count(MetadataKeys.FeedForwardLength, FfnDim);
        Count(MetadataKeys.HeadCount, 4);
        Count(MetadataKeys.HeadCountKv, 2);
        Set(MetadataKeys.RmsNormEpsilon, GgufValue.FromFloat32(1e-5f));
        if (Window > 0)
        {
            Count(MetadataKeys.SlidingWindow, Window);
        }

        if (RecursionCount > 1)
        {
            double[] capacities = new double[RecursionCount];
            Array.Fill(capacities, 0.5);
            Set(MetadataKeys.RecursionType, GgufValue.FromString("expert"));
            Count(MetadataKeys.RecursionCount, RecursionCount);
            Count(MetadataKeys.BaseDepth, BlockCount - 2);
            Set(MetadataKeys.Sharing, GgufValue.FromString("middle_cycle"));
            Set(MetadataKeys.RouterFunction, GgufValue.FromString("sigmoid"));
            Set(MetadataKeys.Capacity, GgufValue.FromFloat64s(capacities));
            Set(MetadataKeys.InferenceMode, GgufValue.FromString("topk"));
            if (DraftSize > 0)
            {
                Count(MetadataKeys.DraftSize, DraftSize);
            }
        }

        if (Temperature is { } temperature)
        {
            metadata.Set(MetadataKeys.SamplingTemperature, GgufValue.FromFloat32(temperature));
        }

        if (HasTokenizer)
        {
            AddTokenizer(metadata);
        }

        return metadata;
    }

    private void AddTokenizer(GgufMetadata metadata)
    {
        string[] tokens = new string[VocabSize];
        int[] kinds = new int[VocabSize];
        int extra = 256;
        for (int value = 0; value < 256; value++)
        {
            // The byte-level alphabet of GPT-2: printable bytes spell themselves, the others the characters from U+0100
            // on.
            bool isPrintable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            tokens[value] = ((char)(isPrintable ? value : extra++)).ToString(CultureInfo.InvariantCulture);
            kinds[value] = 1;
        }

        tokens[BeginId] = "<|begin|>";
        kinds[BeginId] = 3;
        metadata.Set(MetadataKeys.TokenizerModel, GgufValue.FromString("gpt2"));
        metadata.Set(MetadataKeys.TokenizerPre, GgufValue.FromString("gpt-2"));
        metadata.Set(MetadataKeys.TokenizerTokens, GgufValue.FromStrings(tokens));
        metadata.Set(MetadataKeys.TokenizerTokenTypes, GgufValue.FromInt32s(kinds));
        metadata.Set(MetadataKeys.TokenizerMerges, GgufValue.FromStrings());
        metadata.Set(MetadataKeys.TokenizerBos, GgufValue.FromUInt32(BeginId));
        metadata.Set(MetadataKeys.TokenizerAddBos, GgufValue.FromBoolean(AddsBegin));
        if (AddsEnd)
        {
            metadata.Set(MetadataKeys.TokenizerEos, GgufValue.FromUInt32(EndId));
            metadata.Set(MetadataKeys.TokenizerAddEos, GgufValue.FromBoolean(true));
        }

        if (ChatTemplate is not null)
        {
            metadata.Set(MetadataKeys.ChatTemplate, GgufValue.FromString(ChatTemplate));
        }
    }
}
