using System.Runtime.InteropServices;
using MoREdge.Kernels;
using MoREdge.Model;
using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Tests.Model;

/// <summary>
/// A random float32 model file small enough for every test: width 32, 4/2 heads of 8, vocabulary 64; or 8 times as
/// wide, for blocks of 256 weights.
/// </summary>
internal sealed class TinyModel : IDisposable
{
    public const int VocabSize = 64;
    public const int ContextLength = 600;
    public const int KvHeadCount = 2;
    public const int HeadDim = 8;
    private const int HeadCount = 4;
    private const int WideFactor = 8;

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"moredge-tiny-{Guid.NewGuid():N}.gguf");
    private readonly List<(GgufTensorPlan Plan, float[] Values)> _tensors = [];
    private readonly Dictionary<string, byte[]> _encoded = [];
    private readonly Random _random;
    private readonly bool _isWide;
    private GgufFile? _file;
    private DecoderModel? _network;

    public TinyModel(int seed, bool isWide = false)
    {
        _random = new Random(seed);
        _isWide = isWide;
    }

    public GgufMetadata Metadata { get; } = new();

    public DecoderModel Network => _network ?? throw new InvalidOperationException("Load first.");

    public string FilePath => _path;

    private int ModelDim => _isWide ? 32 * WideFactor : 32;

    private int FfnDim => _isWide ? 2 * ModelDim : 48;

    private int HeadWidth => _isWide ? HeadDim * WideFactor : HeadDim;

    /// <summary>An ordinary decoder.</summary>
    public static TinyModel Decoder(
        string architecture, int blockCount, int seed = 1, bool biases = false, bool tied = true, bool isWide = false)
    {
        TinyModel model = new(seed, isWide);
        model.SetCommon(architecture, blockCount);
        model.AddCommon(tied);
        for (int block = 0; block < blockCount; block++)
        {
            model.AddBlock(block, null, biases);
        }

        return model;
    }

    /// <summary>A recursive model of any depth rule.</summary>
    public static TinyModel Recursive(
        string type,
        string sharing,
        int recursions,
        int baseDepth,
        int seed = 1,
        string gating = "weighted",
        string? kv = null)
    {
        TinyModel model = new(seed);
        bool middle = sharing.StartsWith("middle", StringComparison.Ordinal);
        int blocks = baseDepth + (middle ? 2 : 0);
        model.SetCommon("mor", blocks);
        model.Set("type", GgufValue.FromString(type));
        model.Set("num_recursion", GgufValue.FromUInt32((uint)recursions));
        model.Set("base_depth", GgufValue.FromUInt32((uint)baseDepth));
        model.Set("sharing", GgufValue.FromString(sharing));
        model.Set("gating", GgufValue.FromString(gating));
        model.Set("router_func", GgufValue.FromString(type == "token" ? "softmax" : "sigmoid"));
        model.Set("alpha", GgufValue.FromFloat64(type == "token" ? 1 : 0.5));
        model.Set("kv_sharing", GgufValue.FromBoolean(kv is "shared" or "hybrid"));
        model.Set("update_cache", GgufValue.FromBoolean(kv == "hybrid"));
        model.AddCommon(tied: true);
        for (int block = 0; block < blocks; block++)
        {
            model.AddBlock(block, null, biases: false);
        }

        model.AddRouters(type, recursions);
        return model;
    }

    /// <summary>Adds a head that drafts tokens behind drafts.</summary>
    public TinyModel WithDraftHead()
    {
        const int Size = 40;
        Set("draft_size", GgufValue.FromUInt32(Size));
        Add("draft_head.hidden_norm.weight", ModelDim);
        Add("draft_head.embedding_norm.weight", ModelDim);
        Add("draft_head.up.weight", Size, 2 * ModelDim);
        Add("draft_head.down.weight", ModelDim, Size);
        return this;
    }

    public void Set(string suffix, GgufValue value) => Metadata.Set(Metadata.ArchitectureKey(suffix), value);

    public void Add(string name, params long[] shape)
    {
        TensorShape tensorShape = new(shape);
        float[] values = new float[tensorShape.ElementCount];
        bool isNorm = name.Contains("norm", StringComparison.Ordinal);
        for (int i = 0; i < values.Length; i++)
        {
            double uniform = (2 * _random.NextDouble()) - 1;
            values[i] = (float)(isNorm ? 1 + (0.1 * uniform) : 0.4 * uniform);
        }

        _tensors.Add((new GgufTensorPlan(name, tensorShape, ElementType.F32), values));
    }

    /// <summary>Values of a tensor that was added, to read or to change before <see cref="Load"/>.</summary>
    public float[] Values(string name)
    {
        foreach ((GgufTensorPlan plan, float[] values) in _tensors)
        {
            if (plan.Name == name)
            {
                return values;
            }
        }

        throw new ArgumentException($"No tensor {name}.");
    }

    /// <summary>True when the model has the tensor.</summary>
    public bool Has(string name) => _tensors.Exists(tensor => tensor.Plan.Name == name);

    /// <summary>Leaves a tensor out.</summary>
    public void Remove(string name) => _tensors.RemoveAll(tensor => tensor.Plan.Name == name);

    /// <summary>Stores every matrix whose rows are whole blocks in another type.</summary>
    /// <param name="type">The element type.</param>
    /// <param name="encode">Gives the bytes, and replaces the values by what the bytes hold.</param>
    public void StoreMatricesAs(ElementType type, Func<ElementType, float[], byte[]> encode)
    {
        for (int i = 0; i < _tensors.Count; i++)
        {
            (GgufTensorPlan plan, float[] values) = _tensors[i];
            bool isRouter = plan.Name.Contains("router", StringComparison.Ordinal);
            if (plan.Shape.Rank == 2 && plan.Shape.Cols % ElementTypes.BlockLength(type) == 0 && !isRouter)
            {
                _encoded[plan.Name] = encode(type, values);
                _tensors[i] = (new GgufTensorPlan(plan.Name, plan.Shape, type), values);
            }
        }
    }

    public TinyModel Load(KernelSet? kernels = null, int threads = 1)
    {
        Write();
        _file = GgufFile.Open(_path);
        _network = DecoderModel.Load(_file, kernels ?? KernelSelector.Best, threads);
        return this;
    }

    public void Write()
    {
        using GgufWriter writer = new(_path, Metadata, _tensors.ConvertAll(tensor => tensor.Plan), overwrite: true);
        foreach ((GgufTensorPlan plan, float[] values) in _tensors)
        {
            bool isEncoded = _encoded.TryGetValue(plan.Name, out byte[]? bytes);
            writer.Write(isEncoded ? bytes : MemoryMarshal.AsBytes<float>(values));
        }

        writer.Finish();
    }

    /// <summary>Logits of every position, all ids in one call.</summary>
    public float[][] Score(int[] ids, SequenceOptions? options = null, int[]? depths = null)
    {
        using Sequence sequence = Network.CreateSequence(options ?? new SequenceOptions());
        float[][] rows = new float[ids.Length][];
        sequence.Score(ids, (position, logits) => rows[position] = logits.ToArray(), depths);
        return rows;
    }

    public static int[] RandomIds(int count, int seed)
    {
        Random random = new(seed);
        int[] ids = new int[count];
        for (int i = 0; i < count; i++)
        {
            ids[i] = random.Next(VocabSize);
        }

        return ids;
    }

    public void Dispose()
    {
        _network?.Dispose();
        _file?.Dispose();
        File.Delete(_path);
    }

    private void SetCommon(string architecture, int blockCount)
    {
        Metadata.Set(MetadataKeys.Architecture, GgufValue.FromString(architecture));
        Set(MetadataKeys.BlockCount, GgufValue.FromUInt32((uint)blockCount));
        Set(MetadataKeys.ContextLength, GgufValue.FromUInt32(ContextLength));
        Set(MetadataKeys.EmbeddingLength, GgufValue.FromUInt32((uint)ModelDim));
        Set(MetadataKeys.FeedForwardLength, GgufValue.FromUInt32((uint)FfnDim));
        Set(MetadataKeys.HeadCount, GgufValue.FromUInt32(HeadCount));
        Set(MetadataKeys.HeadCountKv, GgufValue.FromUInt32(KvHeadCount));
        Set(MetadataKeys.KeyLength, GgufValue.FromUInt32((uint)HeadWidth));
        Set(MetadataKeys.RmsNormEpsilon, GgufValue.FromFloat32(1e-5f));
        Set(MetadataKeys.RopeFrequencyBase, GgufValue.FromFloat32(10000));
    }

    private void AddCommon(bool tied)
    {
        Add(TensorNames.TokenEmbedding, VocabSize, ModelDim);
        Add(TensorNames.OutputNorm, ModelDim);
        if (!tied)
        {
            Add(TensorNames.Output, VocabSize, ModelDim);
        }
    }

    /// <summary>Adds a block; with a recursion, its attention belongs to that recursion alone.</summary>
    public void AddBlock(int block, int? recursion, bool biases)
    {
        string Name(string name) =>
            recursion is { } r ? TensorNames.BlockRecursion(block, r, name) : TensorNames.Block(block, name);
        Add(Name(TensorNames.AttentionNorm), ModelDim);
        Add(Name(TensorNames.AttentionQuery), HeadCount * HeadWidth, ModelDim);
        Add(Name(TensorNames.AttentionKey), KvHeadCount * HeadWidth, ModelDim);
        Add(Name(TensorNames.AttentionValue), KvHeadCount * HeadWidth, ModelDim);
        Add(Name(TensorNames.AttentionOutput), ModelDim, HeadCount * HeadWidth);
        Add(Name(TensorNames.FfnNorm), ModelDim);
        Add(Name(TensorNames.FfnGate), FfnDim, ModelDim);
        Add(Name(TensorNames.FfnUp), FfnDim, ModelDim);
        Add(Name(TensorNames.FfnDown), ModelDim, FfnDim);
        if (biases)
        {
            Add(Name(TensorNames.AttentionQueryBias), HeadCount * HeadWidth);
            Add(Name(TensorNames.AttentionKeyBias), KvHeadCount * HeadWidth);
            Add(Name(TensorNames.AttentionValueBias), KvHeadCount * HeadWidth);
            Add(Name(TensorNames.AttentionOutputBias), ModelDim);
            Add(Name(TensorNames.FfnGateBias), FfnDim);
            Add(Name(TensorNames.FfnUpBias), FfnDim);
            Add(Name(TensorNames.FfnDownBias), ModelDim);
        }
    }

    private void AddRouters(string type, int recursions)
    {
        if (type == "token")
        {
            Add(TensorNames.TokenRouter(TensorNames.RouterLinear), recursions, ModelDim);
        }
        else if (type == "expert")
        {
            double[] capacities = new double[recursions];
            for (int r = 0; r < recursions; r++)
            {
                capacities[r] = (recursions - r) / (double)recursions;
                Add(TensorNames.ExpertRouter(r, TensorNames.RouterLinear), 1, ModelDim);
            }

            Set(MetadataKeys.Capacity, GgufValue.FromFloat64s(capacities));
        }
    }
}
