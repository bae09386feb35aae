using MoREdge.ModelFile;

namespace MoREdge.Model;

/// <summary>
/// Weight bytes that tokens read, from the tensor table of a file: the open model and estimates of its memory ask it.
/// </summary>
internal sealed class WeightTraffic
{
    private readonly ModelConfig _config;
    private readonly double _endBytes;
    private readonly long _adapterBytes;

    /// <summary>[physical block]: what all recursions share.</summary>
    private readonly BlockBytes[] _shared;

    /// <summary>[physical block, recursion]: what that recursion has for itself.</summary>
    private readonly BlockBytes[,] _own;

    /// <summary>Adds up the tensors of a model.</summary>
    /// <exception cref="ModelFileException">There is no embedding.</exception>
    public WeightTraffic(GgufFile file, ModelConfig config)
    {
        _config = config;
        GgufTensor embedding = file.RequireTensor(TensorNames.TokenEmbedding);
        GgufTensor head = file.TryGetTensor(TensorNames.Output, out GgufTensor? own) ? own : embedding;
        _endBytes = head.ByteCount + ((double)embedding.ByteCount / config.VocabSize);
        _adapterBytes = file.TryGetTensor(TensorNames.LoopAdapter, out own) ? own.ByteCount : 0;
        _shared = new BlockBytes[config.BlockCount];
        _own = new BlockBytes[config.BlockCount, config.RecursionCount];
        foreach (GgufTensor tensor in file.Tensors)
        {
            Add(tensor);
        }
    }

    /// <summary>
    /// Weight bytes that one decoded token reads when it runs <paramref name="depth"/> recursions, or so many of the
    /// layers that it can skip (a mean may be fractional).
    /// </summary>
    /// <param name="depth">Recursions, or layers that are not skipped.</param>
    /// <param name="policy">Recursions that read shared keys and values do not read the weights of theirs.</param>
    public double BytesPerToken(double depth, KvPolicy policy)
    {
        LayerSchedule schedule = new(_config, policy);
        double bytes = _endBytes + Bytes(schedule.Prefix, policy, depth) + Bytes(schedule.Suffix, policy, depth);
        for (int r = 0; r < schedule.Loop.Length; r++)
        {
            bytes += (_adapterBytes + Bytes(schedule.Loop[r], policy, depth)) * Math.Clamp(depth - r, 0, 1);
        }

        return bytes;
    }

    private void Add(GgufTensor tensor)
    {
        if (!TensorNames.TryParseBlock(tensor.Name, out int block, out int? recursion, out string name)
            || block >= _config.BlockCount || recursion >= _config.RecursionCount)
        {
            return;
        }

        double bytes = tensor.ByteCount * UsedShare(tensor.Name);
        ref BlockBytes sum = ref _shared[block];
        if (recursion is { } index)
        {
            sum = ref _own[block, index];
        }

        if (TensorNames.IsOfSkipRouter(name))
        {
            sum.Router += bytes;
        }
        else if (TensorNames.IsOfFeedForward(name))
        {
            sum.FeedForward += bytes;
        }
        else if (TensorNames.IsOfKeys(name))
        {
            sum.Keys += bytes;
        }
        else
        {
            sum.Attention += bytes;
        }
    }

    /// <summary>How much of a tensor a token reads: of the experts' it goes through some.</summary>
    private double UsedShare(string name) => _config.Experts is { } experts && TensorNames.IsOfExperts(name)
        ? (double)experts.UsedCount / experts.Count
        : 1;

    private double Bytes(LayerCall[] calls, KvPolicy policy, double depth)
    {
        double bytes = 0;
        foreach (LayerCall call in calls)
        {
            bytes += Bytes(_shared[call.Block], call, policy, depth)
                + Bytes(_own[call.Block, call.Recursion], call, policy, depth);
        }

        return bytes;
    }

    private double Bytes(BlockBytes block, LayerCall call, KvPolicy policy, double depth)
    {
        double attention = block.Attention + (call.ComputesKeys(policy) ? block.Keys : 0);
        double skipped = _config.Skips?.Skipped(call.Block, depth, attention, block.FeedForward) ?? 0;
        return block.Router + attention + block.FeedForward - skipped;
    }

    /// <summary>Bytes of the parts of a block.</summary>
    private struct BlockBytes
    {
        /// <summary>Of attention, but for keys and values.</summary>
        public double Attention;

        /// <summary>Of what makes keys and values.</summary>
        public double Keys;

        /// <summary>Of the feed-forward network and the chosen experts.</summary>
        public double FeedForward;

        /// <summary>Of what decides who skips the block.</summary>
        public double Router;
    }
}
