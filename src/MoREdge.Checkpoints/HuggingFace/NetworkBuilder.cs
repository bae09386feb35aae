using MoREdge.Checkpoints.HuggingFace.Families;
using MoREdge.Checkpoints.Recursion;
using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Checkpoints.HuggingFace;

/// <summary>
/// Gives every tensor of a Hugging Face checkpoint its canonical name, checks its shape, finds weights that recursions
/// share by comparing them, and accounts for every tensor of the source.
/// </summary>
internal sealed class NetworkBuilder
{
    private readonly WeightSet _weights;
    private readonly DecoderFamily _family;
    private readonly DecoderConfig _config;
    private readonly RecursionLayout _layout;
    private readonly List<string> _warnings;
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private readonly List<CheckpointTensor> _tensors = [];

    /// <summary>
    /// Prepares to build the network of <paramref name="layout"/>; findings go to <paramref name="warnings"/>.
    /// </summary>
    public NetworkBuilder(
        WeightSet weights, DecoderFamily family, DecoderConfig config, RecursionLayout layout, List<string> warnings)
    {
        _weights = weights;
        _family = family;
        _config = config;
        _layout = layout;
        _warnings = warnings;
    }

    private string EmbeddingName => _family.Outer.Embedding;

    private string HeadName => _family.Outer.Head;

    /// <summary>True when every attention tensor is the same in all recursions.</summary>
    public bool IsAttentionTied { get; private set; } = true;

    /// <summary>True when the output head is the embedding.</summary>
    public bool IsHeadTied { get; private set; }

    /// <summary>"linear" or "mlp" as the router tensors are, or null without routers.</summary>
    public string? RouterType { get; private set; }

    /// <summary>Names every tensor.</summary>
    /// <param name="recursion">The routing configuration, or null.</param>
    /// <exception cref="CheckpointException">A tensor is missing, unexpected or of the wrong shape.</exception>
    public List<CheckpointTensor> Build(RecursionConfig? recursion)
    {
        // Of two tied tensors a safetensors file keeps one name, and which one is up to the library that saved it.
        bool isUnderHeadName = _config.IsHeadTied
            && !_weights.TryGet(EmbeddingName, out _) && _weights.TryGet(HeadName, out _);
        string embeddingName = isUnderHeadName ? HeadName : EmbeddingName;
        StoredTensor embedding = Take(embeddingName, _config.VocabSize, _config.ModelDim);
        Add(TensorNames.TokenEmbedding, embedding);
        if (_config.Retention?.EmbeddingNormName is { } embeddingNorm)
        {
            Add(TensorNames.EmbeddingNorm, Take(embeddingNorm, _config.ModelDim));
        }

        _tensors.AddRange(_config.Rope.Tensors());

        AddBlocks();
        foreach (LayerTensor tensor in _family.LoopTensors(_config))
        {
            Add(tensor.Name, Take(tensor.Suffix, tensor.SourceShape));
        }

        if (recursion is not null)
        {
            AddRouters(recursion);
            AddDraftHead(recursion.DraftSize);
        }

        StoredTensor norm = Take(_family.Outer.Norm, _config.ModelDim);
        Add(TensorNames.OutputNorm, _config.HasNormsAboveOne ? new AboveOneTensor(norm) : norm);
        AddHead(embedding);
        AccountForRest();
        return _tensors;
    }

    private void AddBlocks()
    {
        // A recursive model's file pairs rotary halves as the source does, whatever the layers are.
        bool interleave = _layout.Sharing is null && Architectures.PairsNeighbours(_config.Architecture);
        bool isRestTied = true;
        for (int block = 0; block < _layout.Blocks.Count; block++)
        {
            string[] prefixes = _layout.Blocks[block];
            LayerSource source = new(suffix => _weights.TryGet(prefixes[0] + suffix, out _), interleave);
            foreach (LayerTensor tensor in _family.Layer(_config, block, source))
            {
                bool isTied = AddShared(block, prefixes, tensor);
                IsAttentionTied &= isTied || !tensor.IsAttention;
                isRestTied &= isTied || tensor.IsAttention;
            }
        }

        if (!isRestTied)
        {
            _warnings.Add("Norm or feed-forward weights differ between recursions and are stored once per recursion.");
        }
    }

    /// <summary>Stores a tensor once when all recursions agree, else once per recursion (spec section 5.2).</summary>
    private bool AddShared(int block, string[] prefixes, LayerTensor tensor)
    {
        StoredTensor[] sources = new StoredTensor[prefixes.Length];
        bool isTied = true;
        for (int recursion = 0; recursion < prefixes.Length; recursion++)
        {
            sources[recursion] = Take(prefixes[recursion] + tensor.Suffix, tensor.SourceShape);
            isTied = isTied && sources[recursion].HasSameBytes(sources[0]);
        }

        if (isTied)
        {
            Add(TensorNames.Block(block, tensor.Name), Derived(sources[0], tensor));
            return true;
        }

        for (int recursion = 0; recursion < prefixes.Length; recursion++)
        {
            Add(TensorNames.BlockRecursion(block, recursion, tensor.Name), Derived(sources[recursion], tensor));
        }

        return false;
    }

    /// <summary>What becomes of a source tensor: a part of it, rows in another order, 1 added.</summary>
    private TensorData Derived(StoredTensor source, LayerTensor tensor)
    {
        TensorData data = source;
        if (tensor.RowCount is { } count)
        {
            data = tensor.IsVector
                ? new ElementsTensor(source, tensor.RowStart, count)
                : new RowsTensor(source, tensor.RowStart, count);
        }

        data = tensor.RotaryDim == 0 ? data : new InterleavedRotaryTensor(data, _config.HeadDim, tensor.RotaryDim);
        return tensor.IsAboveOne ? new AboveOneTensor(data) : data;
    }

    private void AddRouters(RecursionConfig recursion)
    {
        int outputs = _layout.Type == RecursionType.Token ? _layout.RecursionCount : 1;
        for (int i = 0; i < _layout.RouterPrefixes.Count; i++)
        {
            string prefix = _layout.RouterPrefixes[i] + "mor_router.router.";
            bool isMlp = _weights.TryGet(prefix + "0.weight", out _);
            string type = isMlp ? "mlp" : "linear";
            if ((RouterType ?? recursion.RouterType ?? type) != type)
            {
                throw new CheckpointException(
                    CheckpointError.RecursionMismatch,
                    $"The router {prefix} is {type}, not {RouterType ?? recursion.RouterType}.");
            }

            RouterType = type;
            if (isMlp)
            {
                StoredTensor hidden = Take(prefix + "0.weight", 2L * _config.ModelDim, _config.ModelDim);
                Add(RouterName(i, TensorNames.RouterHidden), hidden);
                Add(RouterName(i, TensorNames.RouterOutput), Take(prefix + "2.weight", outputs, 2L * _config.ModelDim));
            }
            else
            {
                Add(RouterName(i, TensorNames.RouterLinear), Take(prefix + "weight", outputs, _config.ModelDim));
            }
        }

        if (_layout.Type == RecursionType.Token)
        {
            AddBalanceBias(recursion, _layout.RouterPrefixes[0] + "router_bias");
        }
    }

    private string RouterName(int recursion, string part) => _layout.Type == RecursionType.Token
        ? TensorNames.TokenRouter(part)
        : TensorNames.ExpertRouter(recursion, part);

    /// <summary>
    /// The bias moves the choice only in runs balanced without a loss; elsewhere it is a leftover of training.
    /// </summary>
    private void AddBalanceBias(RecursionConfig recursion, string name)
    {
        bool isPresent = _weights.TryGet(name, out _);
        if (recursion.IsLossFree ?? isPresent)
        {
            Add(TensorNames.TokenRouterBias, Take(name, _layout.RecursionCount));
        }
        else if (isPresent)
        {
            _used.Add(name);
            _warnings.Add(
                $"{name} is left out: the run was not balanced by loss_free, so it takes no part in the choice.");
        }
    }

    private void AddDraftHead(int size)
    {
        if (size > 0)
        {
            const string Prefix = "model.draft_head.";
            int dim = _config.ModelDim;
            Add(TensorNames.DraftHiddenNorm, Take(Prefix + "hidden_norm.weight", dim));
            Add(TensorNames.DraftEmbeddingNorm, Take(Prefix + "embedding_norm.weight", dim));
            Add(TensorNames.DraftUp, Take(Prefix + "up_proj.weight", size, 2L * dim));
            Add(TensorNames.DraftDown, Take(Prefix + "down_proj.weight", dim, size));
        }
    }

    private void AddHead(StoredTensor embedding)
    {
        bool isPresent = _weights.TryGet(HeadName, out StoredTensor? head);
        bool isSame = isPresent && head!.HasSameBytes(embedding);
        IsHeadTied = _config.IsHeadTied || isSame;
        if (!IsHeadTied)
        {
            Add(TensorNames.Output, Take(HeadName, _config.VocabSize, _config.ModelDim));
            return;
        }

        if (isPresent && !isSame)
        {
            _warnings.Add(
                $"{HeadName} differs from the embedding but is left out, because tie_word_embeddings is true.");
        }

        _used.Add(HeadName);
    }

    private void AccountForRest()
    {
        int trainingRouters = 0;
        foreach (string name in _weights.Names)
        {
            if (_used.Contains(name) || _family.IsRedundant(name))
            {
                continue;
            }

            if (!name.Contains(".mlp_router.", StringComparison.Ordinal))
            {
                throw Unexpected(name);
            }

            trainingRouters++;
        }

        if (trainingRouters > 0)
        {
            _warnings.Add($"{trainingRouters} tensors of mlp_router are left out: they serve training only.");
        }
    }

    private static CheckpointException Unexpected(string name)
    {
        bool isRelaxation = name.Contains("recursion_encoding", StringComparison.Ordinal)
            || name.Contains("lora_", StringComparison.Ordinal);
        return isRelaxation
            ? new CheckpointException(
                CheckpointError.UnsupportedOption,
                $"Tensor {CheckpointException.Quote(name)} relaxes the sharing (recursion encoding or LoRA), "
                + "which is not supported.")
            : new CheckpointException(
                CheckpointError.UnexpectedTensor,
                $"This network has no place for the tensor {CheckpointException.Quote(name)}.");
    }

    private StoredTensor Take(string name, params ReadOnlySpan<long> shape)
    {
        if (!_weights.TryGet(name, out StoredTensor? tensor))
        {
            throw new CheckpointException(
                CheckpointError.MissingTensor, $"The checkpoint lacks {CheckpointException.Quote(name)}.");
        }

        if (!tensor.Shape.Dimensions.SequenceEqual(shape))
        {
            throw new CheckpointException(
                CheckpointError.ShapeMismatch,
                $"Tensor {CheckpointException.Quote(name)} is {tensor.Shape}; the configuration says "
                + $"{new TensorShape(shape)}.");
        }

        _used.Add(name);
        return tensor;
    }

    private void Add(string name, TensorData data) => _tensors.Add(new CheckpointTensor(name, data));
}
