using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Cli;

/// <summary>
/// A model of a known shape with random weights, in a temporary file that disappears with it, or in one that stays.
/// Speed does not depend on the values as long as they stay ordinary numbers, which the scales see to: every projection
/// keeps the variance of its input.
/// </summary>
internal sealed class SyntheticModel : IDisposable
{
    private const int PatternBytes = 1 << 20;
    private const int Seed = 20260101;

    /// <summary>Factor α of the router weight.</summary>
    private const double Alpha = 0.1;

    private readonly string? _temporaryPath;
    private GgufFile? _file;

    private SyntheticModel(string? temporaryPath) => _temporaryPath = temporaryPath;

    /// <summary>The mapped model.</summary>
    public GgufFile File => _file!;

    /// <summary>Writes the model to a file and maps it.</summary>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="format">The format of its matrices.</param>
    /// <param name="depths">How deep its tokens go; as random routers happen to decide when null.</param>
    /// <param name="keepPath">The file, which stays; a temporary one when null.</param>
    /// <param name="cancellation">Stops the writing and deletes what there is.</param>
    /// <exception cref="ModelFileException">There is no room for it, or the file to keep exists already.</exception>
    public static SyntheticModel Create(
        SyntheticShape shape,
        SyntheticFormat format,
        SyntheticDepths? depths,
        string? keepPath,
        CancellationToken cancellation)
    {
        string path = keepPath ?? Path.Combine(Path.GetTempPath(), $"moredge-{shape.Name}-{Guid.NewGuid():N}.gguf");
        SyntheticModel? unfinished = new(keepPath is null ? path : null);
        try
        {
            Write(path, shape, format, depths, cancellation);
            unfinished._file = GgufFile.Open(path);
            unfinished.DeleteEarly();
            SyntheticModel model = unfinished;
            unfinished = null;
            return model;
        }
        finally
        {
            unfinished?.Dispose();
        }
    }

    public void Dispose()
    {
        _file?.Dispose();
        DeleteTemporary();
    }

    /// <summary>On Unix the map outlives the name: without the name, no crash or kill leaves the file behind.</summary>
    private void DeleteEarly()
    {
        if (!OperatingSystem.IsWindows())
        {
            DeleteTemporary();
        }
    }

    private void DeleteTemporary()
    {
        if (_temporaryPath is not null)
        {
            System.IO.File.Delete(_temporaryPath);
        }
    }

    private static void Write(
        string path,
        SyntheticShape shape,
        SyntheticFormat format,
        SyntheticDepths? depths,
        CancellationToken cancellation)
    {
        List<GgufTensorPlan> plans = Plan(shape, format);
        GgufMetadata metadata = Metadata(shape);
        depths?.AddKeys(metadata, shape, share => SyntheticWeights.Quantile(plans[0], share), Alpha);

        using GgufWriter writer = new(path, metadata, plans);
        using ProgressLine progress = new($"Writing a synthetic {shape.Name}");
        SyntheticWeights weights = new(PatternBytes, Seed);
        long done = 0;
        while (writer.Current is { } plan)
        {
            cancellation.ThrowIfCancellationRequested();
            long written = plan.ByteCount - writer.CurrentBytesLeft;
            int count = (int)Math.Min(PatternBytes, writer.CurrentBytesLeft);
            Span<byte> bytes = weights.Bytes(plan, written, count);
            if (depths is not null)
            {
                SyntheticDepths.Apply(plan, written, bytes);
            }

            writer.Write(bytes);
            done += count;
            progress.Report(done, writer.FileBytes);
        }

        writer.Finish();
    }

    private static List<GgufTensorPlan> Plan(SyntheticShape shape, SyntheticFormat format)
    {
        List<GgufTensorPlan> plans = [];
        int dim = shape.ModelDim;
        int queryDim = shape.HeadCount * shape.HeadDim;
        int mixedDim = shape.HeadCount * shape.ValueDim;
        plans.Add(format.Plan(TensorNames.TokenEmbedding, shape.VocabSize, dim));
        for (int block = 0; block < shape.BlockCount; block++)
        {
            void Add(string name, int rows, int cols) =>
                plans.Add(format.Plan(TensorNames.Block(block, name), rows, cols));

            AddVector(plans, TensorNames.Block(block, TensorNames.AttentionNorm), dim);
            Add(TensorNames.AttentionQuery, queryDim, dim);
            Add(TensorNames.AttentionKey, shape.KvHeadCount * shape.HeadDim, dim);
            Add(TensorNames.AttentionValue, shape.KvHeadCount * shape.ValueDim, dim);
            if (shape.Retains)
            {
                Add(TensorNames.RetentionGate, mixedDim, dim);
                AddVector(plans, TensorNames.Block(block, TensorNames.RetentionNorm), shape.ValueDim);
            }

            Add(TensorNames.AttentionOutput, dim, mixedDim);
            AddVector(plans, TensorNames.Block(block, TensorNames.FfnNorm), dim);
            if (shape.Window > 0)
            {
                AddVector(plans, TensorNames.Block(block, TensorNames.QueryNorm), shape.HeadDim);
                AddVector(plans, TensorNames.Block(block, TensorNames.KeyNorm), shape.HeadDim);
                AddVector(plans, TensorNames.Block(block, TensorNames.PostAttentionNorm), dim);
                AddVector(plans, TensorNames.Block(block, TensorNames.PostFfnNorm), dim);
            }

            if (shape.IsRouted(block))
            {
                Add(TensorNames.SkipRouter, 1, dim);
            }

            AddFeedForward(shape, Add);
        }

        for (int r = 0; r < shape.RecursionCount && shape.RecursionCount > 1; r++)
        {
            plans.Add(format.Plan(TensorNames.ExpertRouter(r, TensorNames.RouterLinear), 1, dim));
        }

        AddDraftHead(plans, shape, format);
        AddVector(plans, TensorNames.OutputNorm, dim);
        if (!shape.IsHeadTied)
        {
            plans.Add(format.Plan(TensorNames.Output, shape.VocabSize, dim));
        }

        return plans;
    }

    private static void AddDraftHead(List<GgufTensorPlan> plans, SyntheticShape shape, SyntheticFormat format)
    {
        if (shape.DraftSize > 0)
        {
            AddVector(plans, TensorNames.DraftHiddenNorm, shape.ModelDim);
            AddVector(plans, TensorNames.DraftEmbeddingNorm, shape.ModelDim);
            plans.Add(format.Plan(TensorNames.DraftUp, shape.DraftSize, 2 * shape.ModelDim));
            plans.Add(format.Plan(TensorNames.DraftDown, shape.ModelDim, shape.DraftSize));
        }
    }

    private static void AddFeedForward(SyntheticShape shape, Action<string, int, int> add)
    {
        if (shape.ExpertCount > 0)
        {
            add(TensorNames.ExpertGate, shape.ExpertCount, shape.ModelDim);
        }

        for (int expert = 0; expert < Math.Max(shape.ExpertCount, 1); expert++)
        {
            string Own(string name) => shape.ExpertCount > 0 ? TensorNames.Expert(name, expert) : name;

            add(Own(TensorNames.FfnGate), shape.FfnDim, shape.ModelDim);
            add(Own(TensorNames.FfnUp), shape.FfnDim, shape.ModelDim);
            add(Own(TensorNames.FfnDown), shape.ModelDim, shape.FfnDim);
        }
    }

    private static void AddVector(List<GgufTensorPlan> plans, string name, int length) =>
        plans.Add(new GgufTensorPlan(name, new TensorShape(length), ElementType.F32));

    private static GgufMetadata Metadata(SyntheticShape shape)
    {
        bool isRecursive = shape.RecursionCount > 1;
        string architecture = Architecture(shape);
        GgufMetadata metadata = new();
        void Count(string key, int value) => metadata.Set($"{architecture}.{key}", GgufValue.FromUInt32((uint)value));
        void Text(string key, string value) => metadata.Set($"{architecture}.{key}", GgufValue.FromString(value));

        metadata.Set(MetadataKeys.Architecture, GgufValue.FromString(architecture));
        metadata.Set(MetadataKeys.Name, GgufValue.FromString($"synthetic {shape.Name}"));

        // The name that other programs know for "there is no tokenizer": they then need the size of the vocabulary.
        metadata.Set(MetadataKeys.TokenizerModel, GgufValue.FromString("no_vocab"));
        Count(MetadataKeys.BlockCount, shape.BlockCount);
        Count(MetadataKeys.ContextLength, SyntheticShape.ContextLength);
        Count(MetadataKeys.EmbeddingLength, shape.ModelDim);
        Count(MetadataKeys.FeedForwardLength, shape.FfnDim);
        Count(MetadataKeys.HeadCount, shape.HeadCount);
        Count(MetadataKeys.HeadCountKv, shape.KvHeadCount);
        Count(MetadataKeys.KeyLength, shape.HeadDim);
        Count(MetadataKeys.ValueLength, shape.ValueDim);
        Count(MetadataKeys.VocabSize, shape.VocabSize);
        Count(MetadataKeys.RopeDimensionCount, shape.HeadDim);
        metadata.Set($"{architecture}.{MetadataKeys.RmsNormEpsilon}", GgufValue.FromFloat32(1e-5f));
        metadata.Set($"{architecture}.{MetadataKeys.RopeFrequencyBase}", GgufValue.FromFloat32(100_000));
        if (shape.Retains)
        {
            Text(RetentionKeys.Dialect, RetentionKeys.Fla);
        }

        if (shape.Window > 0)
        {
            Count(MetadataKeys.SlidingWindow, shape.Window);
        }

        if (shape.ExpertCount > 0)
        {
            Count(ExpertKeys.Count, shape.ExpertCount);
            Count(ExpertKeys.UsedCount, shape.UsedExpertCount);
        }

        if (isRecursive)
        {
            AddRecursion(metadata, architecture, shape);
        }

        return metadata;
    }

    private static void AddRecursion(GgufMetadata metadata, string architecture, SyntheticShape shape)
    {
        void Set(string key, GgufValue value) => metadata.Set($"{architecture}.{key}", value);
        void Count(string key, int value) => Set(key, GgufValue.FromUInt32((uint)value));
        void Text(string key, string value) => Set(key, GgufValue.FromString(value));

        Text(MetadataKeys.RecursionType, "expert");
        Count(MetadataKeys.RecursionCount, shape.RecursionCount);
        Count(MetadataKeys.BaseDepth, shape.BaseDepth);
        Text(MetadataKeys.Sharing, "middle_cycle");
        Text(MetadataKeys.RouterType, "linear");
        Text(MetadataKeys.RouterFunction, "sigmoid");
        Text(MetadataKeys.InferenceMode, "full");
        Set(MetadataKeys.Alpha, GgufValue.FromFloat64(Alpha));
        Set(MetadataKeys.Capacity, GgufValue.FromFloat64s(Capacities(shape.RecursionCount)));
        if (shape.DraftSize > 0)
        {
            Count(MetadataKeys.DraftSize, shape.DraftSize);
        }
    }

    private static string Architecture(SyntheticShape shape) => shape.RecursionCount > 1 ? Architectures.Recursive
        : shape.Retains ? Architectures.RetNet
        : shape.Window > 0 ? Architectures.Gemma3
        : shape.ExpertCount > 0 ? Architectures.GraniteExperts
        : shape.RoutedCapacity < 1 ? Architectures.Depths
        : Architectures.Llama;

    /// <summary>N/N, (N − 1)/N, … 1/N: the capacities of the paper (arXiv:2507.10524, section 2.2.1).</summary>
    private static double[] Capacities(int count)
    {
        double[] capacities = new double[count];
        for (int r = 0; r < count; r++)
        {
            capacities[r] = (double)(count - r) / count;
        }

        return capacities;
    }
}
