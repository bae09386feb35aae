using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Model;

/// <summary>
/// Reads a <see cref="ModelConfig"/> from model-file metadata and refuses what the network cannot run.
/// </summary>
public static class ModelConfigReader
{
    /// <summary>Reads and checks the configuration of a file.</summary>
    /// <exception cref="ModelFileException">A key is missing, of the wrong type or out of range.</exception>
    public static ModelConfig Read(GgufFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        file.RequireUnsplit();
        TensorShape embedding = file.RequireTensor(TensorNames.TokenEmbedding).Shape;
        return Read(
            file.Metadata, embedding, name => file.TryGetTensor(name, out GgufTensor? tensor) ? tensor.Shape : null);
    }

    /// <summary>Reads and checks the configuration of a file that is yet to be written.</summary>
    /// <param name="metadata">Its metadata.</param>
    /// <param name="embedding">Shape of its token embedding.</param>
    /// <param name="shapeOf">Shape of a tensor that it will hold; null for one that it will not.</param>
    /// <exception cref="ModelFileException">A key is missing, of the wrong type or out of range.</exception>
    public static ModelConfig Read(GgufMetadata metadata, TensorShape embedding, Func<string, TensorShape?> shapeOf)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(shapeOf);
        string name = metadata.RequireString(MetadataKeys.Architecture);
        Architecture architecture = Architecture.Find(name)
            ?? throw ConfigKeys.Wrong(
                $"The architecture {ModelFileException.Quote(name)} is not one this version runs "
                + $"({Architectures.List}).");
        ConfigKeys keys = new(metadata, name);
        ModelConfig config = ReadShape(embedding, keys, architecture, shapeOf);
        Check(config, keys);
        RetentionConfigReader.Check(config, keys);
        keys.RefuseUnread();
        return config;
    }

    private static ModelConfig ReadShape(
        TensorShape embedding, ConfigKeys keys, Architecture architecture, Func<string, TensorShape?> shapeOf)
    {
        int modelDim = keys.Dimension(MetadataKeys.EmbeddingLength);
        int headCount = keys.Dimension(MetadataKeys.HeadCount);
        int headDim = keys.Dimension(MetadataKeys.KeyLength, modelDim / headCount);
        int blockCount = BlockCount(keys);
        int contextLength = keys.Dimension(MetadataKeys.ContextLength);
        float theta = keys.Number(
            MetadataKeys.RopeFrequencyBase, 10000, RotaryConfigReader.ThetaMin, RotaryConfigReader.ThetaMax);
        bool isWide = blockCount == architecture.WideScaleBlockCount;
        int scaleDim = isWide ? modelDim / headCount : headDim;
        float logitDivisor = keys.Number(MetadataKeys.LogitScale, 1, float.Epsilon, float.MaxValue);
        ExpertConfig? experts = ExpertConfigReader.Read(keys, architecture, blockCount, shapeOf);
        RetentionConfig? retention = RetentionConfigReader.Read(keys, architecture, headCount, headDim, theta);
        return new ModelConfig
        {
            Architecture = architecture.Name,
            ModelDim = modelDim,
            FfnDim = keys.Dimension(MetadataKeys.FeedForwardLength, experts?.FfnDim),
            HeadCount = headCount,
            KvHeadCount = keys.Dimension(MetadataKeys.HeadCountKv, headCount),
            HeadDim = headDim,
            VocabSize = VocabSize(embedding),
            ContextLength = contextLength,
            BlockCount = blockCount,
            RmsNormEpsilon = (float)keys.Number(MetadataKeys.RmsNormEpsilon, null),
            RopeTheta = theta,
            RopePairing = Architectures.PairsNeighbours(architecture.Name) || retention?.DividesBySum == true
                ? RopePairing.Interleaved
                : RopePairing.HalfSplit,
            Rotary = RotaryConfigReader.Read(keys, architecture, theta, headDim, contextLength),
            HasPreNorms = architecture.HasPreNorms,
            HasPostNorms = architecture.HasPostNorms,
            NormsSums = architecture.NormsSums,
            QueryKeyNorm = architecture.QueryKeyNorm,
            Activation = retention is null ? architecture.Activation : ReadActivation(keys),
            IsFfnGated = retention is null || keys.Flag(RetentionKeys.FeedForwardGated, fallback: true),
            HasEmbeddingNorm = retention is not null && shapeOf(TensorNames.EmbeddingNorm) is not null,
            Retention = retention,
            EmbeddingScale = keys.Number(
                MetadataKeys.EmbeddingScale,
                architecture.ScalesEmbedding ? Math.Sqrt(modelDim) : 1, float.MinValue, float.MaxValue),
            ResidualScale = keys.Number(MetadataKeys.ResidualScale, 1, float.MinValue, float.MaxValue),
            LogitFactor = 1 / logitDivisor,
            AttentionScale = keys.Number(
                MetadataKeys.AttentionScale, 1 / Math.Sqrt(scaleDim), float.MinValue, float.MaxValue),
            ProjectionBound = keys.Number(MetadataKeys.ProjectionBound, 0, 0, float.MaxValue),
            AttentionSoftCap = keys.Number(
                MetadataKeys.AttentionSoftCap, architecture.AttentionSoftCapDefault, 0, float.MaxValue),
            LogitSoftCap = keys.Number(
                MetadataKeys.LogitSoftCap, architecture.LogitSoftCapDefault, 0, float.MaxValue),
            Blocks = ReadBlocks(keys, architecture, blockCount, shapeOf),
            Experts = experts,
            Skips = architecture.Name == Architectures.Depths ? SkipConfigReader.Read(keys, blockCount) : null,
            Recursion = architecture.Name == Architectures.Recursive ? RecursionConfigReader.Read(keys)
                : architecture.IsLooped ? RecursionConfigReader.ReadLoop(keys, architecture, blockCount)
                : null,
        };
    }

    private static GateActivation ReadActivation(ConfigKeys keys) =>
        keys.Choice(RetentionKeys.FeedForwardActivation, "silu",
            ("silu", GateActivation.Silu), ("gelu", GateActivation.Gelu));

    private static BlockConfig[] ReadBlocks(
        ConfigKeys keys, Architecture architecture, int blockCount, Func<string, TensorShape?> shapeOf)
    {
        int window = keys.Count(MetadataKeys.SlidingWindow, architecture.SlidingWindowDefault);
        int period = architecture.FullAttentionPeriod;
        bool[] hasWindow = keys.BlockFlags(MetadataKeys.SlidingWindowPattern, blockCount, period);
        bool[] isRotated = keys.BlockFlags(MetadataKeys.RopePattern, blockCount, architecture.UnrotatedPeriod);
        bool rotates = keys.Flag(MetadataKeys.RopeFinetuned, fallback: true) || !architecture.HasRotationSwitch;
        BlockConfig[] blocks = new BlockConfig[blockCount];
        for (int i = 0; i < blockCount; i++)
        {
            bool hasExperts = shapeOf(TensorNames.Block(i, TensorNames.ExpertGate)) is not null;
            blocks[i] = new BlockConfig(hasWindow[i] ? window : 0, rotates && isRotated[i], hasExperts);
        }

        return blocks;
    }

    private static int VocabSize(TensorShape shape)
    {
        return shape.Rank == 2 && shape.Rows <= ModelFileLimits.ModelDimensionMax
            ? (int)shape.Rows
            : throw new ModelFileException(
                ModelFileError.ShapeMismatch,
                $"The tensor '{TensorNames.TokenEmbedding}' has the impossible shape {shape}.");
    }

    private static void Check(ModelConfig config, ConfigKeys keys)
    {
        ConfigKeys.Require(
            config.HeadCount % config.KvHeadCount == 0,
            "The head count is not a multiple of the key/value head count.");
        CheckWidth((long)config.HeadCount * config.HeadDim, "query heads");
        CheckWidth((long)config.HeadCount * config.ValueDim, "value heads");
        CheckWidth(config.Experts is { } experts ? (long)experts.UsedCount * experts.FfnDim : 0, "experts of a token");
        ConfigKeys.Require(config.HeadDim % 2 == 0, "The head width is odd, so rotary pairs do not fit.");
        ConfigKeys.Require(
            config.Retention is not null || keys.Dimension(MetadataKeys.ValueLength, config.HeadDim) == config.HeadDim,
            "Value and key heads differ in width.");
        ConfigKeys.Require(
            config.Experts is not null || !HasExperts(config.Blocks),
            "The file holds the router of a mixture of experts, but does not say how many experts there are.");
        ConfigKeys.Require(config.RmsNormEpsilon is > 0 and < 1, "The RMS norm epsilon is outside (0, 1).");
        ConfigKeys.Require(
            config.Recursion is null || config.BlockCount == config.Recursion.BlockCount,
            "The block count does not follow from the base depth and the kind of sharing.");
    }

    private static int BlockCount(ConfigKeys keys)
    {
        int count = keys.Dimension(MetadataKeys.BlockCount);
        ConfigKeys.Require(
            count <= ModelFileLimits.BlockCountMax,
            $"The block count {count} is above {ModelFileLimits.BlockCountMax}.");
        return count;
    }

    /// <summary>Two sizes in range may have a product that is not, from which the sizes of buffers follow.</summary>
    private static void CheckWidth(long width, string parts) => ConfigKeys.Require(
        width <= ModelFileLimits.ModelDimensionMax,
        $"The {parts} are {width} wide together, more than {ModelFileLimits.ModelDimensionMax}.");

    private static bool HasExperts(IReadOnlyList<BlockConfig> blocks)
    {
        foreach (BlockConfig block in blocks)
        {
            if (block.HasExperts)
            {
                return true;
            }
        }

        return false;
    }
}
