using MoREdge.ModelFile;
using MoREdge.Tensors;
using MoREdge.Tokenization;

namespace MoREdge.Checkpoints.Llama2c;

/// <summary>
/// Opens a llama2.c file. Its query and key rows already pair neighbours, as in GGUF files of architecture "llama", so
/// no row moves. Each kind of tensor lies together for all layers.
/// </summary>
internal sealed class Llama2cCheckpoint
{
    /// <summary>llama2.c fixes both in its source.</summary>
    private const float RmsNormEpsilon = 1e-5f;
    private const float RopeBase = 10000f;

    /// <summary>
    /// run.c ends a generation at BOS, which separates the stories it was trained on; EOS never follows.
    /// </summary>
    private static readonly int[] EosIds = [1, 2];

    private readonly WeightFile _file;
    private readonly Llama2cHeader _header;
    private readonly Dictionary<string, TensorData> _tensors = new(StringComparer.Ordinal);
    private long _position;

    private Llama2cCheckpoint(WeightFile file, Llama2cHeader header)
    {
        _file = file;
        _header = header;
        _position = header.DataOffset;
    }

    /// <summary>Opens <paramref name="path"/>.</summary>
    /// <exception cref="CheckpointException">The file or its tokenizer is wrong.</exception>
    public static Checkpoint Open(string path, CheckpointOptions options)
    {
        WeightFile file = WeightFile.Open(path);
        Checkpoint? checkpoint = null;
        try
        {
            checkpoint = new Llama2cCheckpoint(file, Llama2cHeader.Read(file)).Build(options);
            return checkpoint;
        }
        finally
        {
            if (checkpoint is null)
            {
                file.Dispose();
            }
        }
    }

    private Checkpoint Build(CheckpointOptions options)
    {
        if (_header.Version == 0)
        {
            PlaceLegacy();
        }
        else
        {
            PlaceVersioned();
        }

        if (_position != _file.Length)
        {
            throw new CheckpointException(
                CheckpointError.SizeMismatch,
                $"{_file.Name} has {_file.Length} bytes, but its llama2.c header describes {_position}.");
        }

        List<string> warnings = [];
        GgufMetadata metadata = new();
        WriteShape(metadata);
        string folder = Path.GetDirectoryName(Path.GetFullPath(_file.Path))!;
        SourceNotes.Write(metadata, folder, _file.Path, null);
        WriteTokenizer(metadata, options, warnings);
        string description =
            $"llama2.c version {_header.Version}, {_header.LayerCount} blocks, width {_header.ModelDim}, "
            + $"head tied: {(_header.IsHeadTied ? "yes" : "no")}";
        return new Checkpoint(_file, metadata, InBlockOrder(), warnings, description);
    }

    private void PlaceLegacy()
    {
        Llama2cHeader h = _header;
        long kv = (long)h.KvHeadCount * h.HeadDim;
        Place(TensorNames.TokenEmbedding, false, h.VocabSize, h.ModelDim);
        PlaceLayers(TensorNames.AttentionNorm, false, h.ModelDim);
        PlaceLayers(TensorNames.AttentionQuery, false, h.ModelDim, h.ModelDim);
        PlaceLayers(TensorNames.AttentionKey, false, kv, h.ModelDim);
        PlaceLayers(TensorNames.AttentionValue, false, kv, h.ModelDim);
        PlaceLayers(TensorNames.AttentionOutput, false, h.ModelDim, h.ModelDim);
        PlaceLayers(TensorNames.FfnNorm, false, h.ModelDim);
        PlaceLayers(TensorNames.FfnGate, false, h.FfnDim, h.ModelDim);
        PlaceLayers(TensorNames.FfnDown, false, h.ModelDim, h.FfnDim);
        PlaceLayers(TensorNames.FfnUp, false, h.FfnDim, h.ModelDim);
        Place(TensorNames.OutputNorm, false, h.ModelDim);
        // Tables of cosines and sines follow, which run.c has not read since it computes them: (context, head / 2)
        // each.
        _position += 2L * h.ContextLength * (h.HeadDim / 2) * sizeof(float);
        PlaceHead(isQuantized: false);
    }

    private void PlaceVersioned()
    {
        Llama2cHeader h = _header;
        bool isQuantized = h.Version == 2;
        long kv = (long)h.KvHeadCount * h.HeadDim;
        PlaceLayers(TensorNames.AttentionNorm, false, h.ModelDim);
        PlaceLayers(TensorNames.FfnNorm, false, h.ModelDim);
        Place(TensorNames.OutputNorm, false, h.ModelDim);
        Place(TensorNames.TokenEmbedding, isQuantized, h.VocabSize, h.ModelDim);
        PlaceLayers(TensorNames.AttentionQuery, isQuantized, h.ModelDim, h.ModelDim);
        PlaceLayers(TensorNames.AttentionKey, isQuantized, kv, h.ModelDim);
        PlaceLayers(TensorNames.AttentionValue, isQuantized, kv, h.ModelDim);
        PlaceLayers(TensorNames.AttentionOutput, isQuantized, h.ModelDim, h.ModelDim);
        PlaceLayers(TensorNames.FfnGate, isQuantized, h.FfnDim, h.ModelDim);
        PlaceLayers(TensorNames.FfnDown, isQuantized, h.ModelDim, h.FfnDim);
        PlaceLayers(TensorNames.FfnUp, isQuantized, h.FfnDim, h.ModelDim);
        PlaceHead(isQuantized);
    }

    private void PlaceHead(bool isQuantized)
    {
        if (!_header.IsHeadTied)
        {
            Place(TensorNames.Output, isQuantized, _header.VocabSize, _header.ModelDim);
        }
    }

    private void PlaceLayers(string name, bool isQuantized, params ReadOnlySpan<long> shape)
    {
        for (int layer = 0; layer < _header.LayerCount; layer++)
        {
            Place(TensorNames.Block(layer, name), isQuantized, shape);
        }
    }

    private void Place(string name, bool isQuantized, params ReadOnlySpan<long> dimensions)
    {
        TensorShape shape = new(dimensions);
        if (isQuantized)
        {
            _tensors[name] = new Llama2cQ8Tensor(_file, _position, name, shape, _header.GroupSize);
            long groups = (shape.ElementCount + _header.GroupSize - 1) / _header.GroupSize;
            _position += shape.ElementCount + (groups * sizeof(float));
        }
        else
        {
            _tensors[name] = new StoredTensor(_file, _position, name, shape, ElementType.F32);
            _position += shape.ElementCount * sizeof(float);
        }

        // Checked at every step, so that no sum of hostile sizes can wrap around.
        if (_position > _file.Length)
        {
            throw new CheckpointException(
                CheckpointError.Truncated, $"{_file.Name} ends before {name}, which its llama2.c header announces.");
        }
    }

    private List<CheckpointTensor> InBlockOrder()
    {
        List<CheckpointTensor> ordered = [];
        Add(TensorNames.TokenEmbedding);
        for (int layer = 0; layer < _header.LayerCount; layer++)
        {
            foreach (string name in (ReadOnlySpan<string>)
            [
                TensorNames.AttentionNorm,
                TensorNames.AttentionQuery,
                TensorNames.AttentionKey,
                TensorNames.AttentionValue,
                TensorNames.AttentionOutput,
                TensorNames.FfnNorm,
                TensorNames.FfnGate,
                TensorNames.FfnUp,
                TensorNames.FfnDown,
            ])
            {
                Add(TensorNames.Block(layer, name));
            }
        }

        Add(TensorNames.OutputNorm);
        if (!_header.IsHeadTied)
        {
            Add(TensorNames.Output);
        }

        return ordered;

        void Add(string name) => ordered.Add(new CheckpointTensor(name, _tensors[name]));
    }

    private void WriteShape(GgufMetadata metadata)
    {
        metadata.Set(MetadataKeys.Architecture, GgufValue.FromString("llama"));
        SetCount(MetadataKeys.BlockCount, _header.LayerCount);
        SetCount(MetadataKeys.ContextLength, _header.ContextLength);
        SetCount(MetadataKeys.EmbeddingLength, _header.ModelDim);
        SetCount(MetadataKeys.FeedForwardLength, _header.FfnDim);
        SetCount(MetadataKeys.HeadCount, _header.HeadCount);
        SetCount(MetadataKeys.HeadCountKv, _header.KvHeadCount);
        SetCount(MetadataKeys.RopeDimensionCount, _header.HeadDim);
        SetCount(MetadataKeys.VocabSize, _header.VocabSize);
        metadata.Set($"llama.{MetadataKeys.RmsNormEpsilon}", GgufValue.FromFloat32(RmsNormEpsilon));
        metadata.Set($"llama.{MetadataKeys.RopeFrequencyBase}", GgufValue.FromFloat32(RopeBase));

        void SetCount(string suffix, int count) => metadata.Set($"llama.{suffix}", GgufValue.FromUInt32((uint)count));
    }

    private void WriteTokenizer(GgufMetadata metadata, CheckpointOptions options, List<string> warnings)
    {
        TokenizerDefinition? tokenizer =
            TokenizerSource.ForLlama2c(_file.Path, options.TokenizerPath, _header.VocabSize);
        if (tokenizer is null)
        {
            warnings.Add(
                "No tokenizer (tok*.bin) was found; without --tokenizer the model file will run on token ids only.");
            TokenizerMetadata.WriteEosIds(metadata, EosIds);
            return;
        }

        TokenizerSource.CheckSize(tokenizer, _header.VocabSize, warnings);
        TokenizerMetadata.Write(metadata, tokenizer, EosIds);
    }
}
