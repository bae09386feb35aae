using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace;

/// <summary>
/// One tensor of a decoder layer in a model file: where it lies in the source, and what becomes of it.
/// </summary>
/// <param name="Suffix">Name in the source behind the layer's prefix.</param>
/// <param name="Name">Canonical name (TensorNames).</param>
/// <param name="SourceShape">Shape in the source.</param>
internal sealed record LayerTensor(string Suffix, string Name, long[] SourceShape)
{
    /// <summary>Whether attention or its norms use it.</summary>
    public bool IsAttention { get; init; }

    /// <summary>Rotated rows of a head, which are reordered from halves to neighbouring pairs; 0 for none.</summary>
    public int RotaryDim { get; init; }

    /// <summary>First row of the source, the outer dimensions of a stack counted as rows.</summary>
    public long RowStart { get; init; }

    /// <summary>Rows of the source; null for all, in the shape of the source.</summary>
    public long? RowCount { get; init; }

    /// <summary>Whether rows are elements: a part of the source, read as one vector.</summary>
    public bool IsVector { get; init; }

    /// <summary>Whether 1 is added to every element: the weights of a norm that are stored without it.</summary>
    public bool IsAboveOne { get; init; }
}

/// <summary>What a checkpoint holds of a layer: a family may store the same in two ways.</summary>
/// <param name="Has">Whether there is a tensor of this suffix.</param>
/// <param name="InterleavesRotary">Whether the model file pairs neighbouring rows (Architectures).</param>
internal readonly record struct LayerSource(Func<string, bool> Has, bool InterleavesRotary);

/// <summary>The names of the gate, up and down projection of one expert.</summary>
internal readonly record struct ExpertNames(string Gate, string Up, string Down)
{
    /// <summary>Qwen, OLMoE.</summary>
    public static ExpertNames Projections { get; } = new("gate_proj", "up_proj", "down_proj");

    /// <summary>Mixtral.</summary>
    public static ExpertNames Numbers { get; } = new("w1", "w3", "w2");
}

/// <summary>Lists the tensors of a layer, part by part.</summary>
internal sealed class LayerTensors(DecoderConfig config, LayerSource source)
{
    private readonly List<LayerTensor> _all = [];

    /// <summary>What was added so far.</summary>
    public IEnumerable<LayerTensor> All => _all;

    private long QueryDim => (long)config.HeadCount * config.HeadDim;

    private long KeyDim => (long)config.KvHeadCount * config.HeadDim;

    private int Rotary => source.InterleavesRotary ? config.Rope.Dim : 0;

    /// <summary>Whether the checkpoint holds a tensor of this suffix.</summary>
    public bool Has(string suffix) => source.Has(suffix);

    /// <summary>A tensor that is taken as it is.</summary>
    public void Add(string suffix, string name, params long[] shape) => _all.Add(new LayerTensor(suffix, name, shape));

    /// <summary>The same if the checkpoint holds it.</summary>
    public void AddIfPresent(string suffix, string name, params long[] shape)
    {
        if (source.Has(suffix))
        {
            Add(suffix, name, shape);
        }
    }

    /// <summary>A norm of the residual stream or of a branch.</summary>
    public void AddNorm(string suffix, string name) => _all.Add(
        new LayerTensor(suffix, name, [config.ModelDim]) { IsAboveOne = config.HasNormsAboveOne });

    /// <summary>Query, key, value and output projection with their biases, and the norms of queries and keys.</summary>
    public void AddAttention()
    {
        AddAttentionPart("q_proj.weight", TensorNames.AttentionQuery, Rotary, QueryDim, config.ModelDim);
        AddAttentionPart("k_proj.weight", TensorNames.AttentionKey, Rotary, KeyDim, config.ModelDim);
        AddAttentionPart("v_proj.weight", TensorNames.AttentionValue, 0, KeyDim, config.ModelDim);
        AddAttentionPart("o_proj.weight", TensorNames.AttentionOutput, 0, config.ModelDim, QueryDim);
        if (config.HasAttentionBias)
        {
            AddAttentionPart("q_proj.bias", TensorNames.AttentionQueryBias, Rotary, QueryDim);
            AddAttentionPart("k_proj.bias", TensorNames.AttentionKeyBias, Rotary, KeyDim);
            AddAttentionPart("v_proj.bias", TensorNames.AttentionValueBias, 0, KeyDim);
        }

        if (config.HasAttentionOutputBias)
        {
            AddAttentionPart("o_proj.bias", TensorNames.AttentionOutputBias, 0, config.ModelDim);
        }

        if (config.HeadNorms != HeadNorms.None)
        {
            bool isWhole = config.HeadNorms == HeadNorms.Whole;
            AddHeadNorm("q_norm.weight", TensorNames.QueryNorm, isWhole ? QueryDim : config.HeadDim);
            AddHeadNorm("k_norm.weight", TensorNames.KeyNorm, isWhole ? KeyDim : config.HeadDim);
        }
    }

    /// <summary>The same where query, key and value projection are one tensor, in this order.</summary>
    /// <param name="suffix">The projection.</param>
    /// <param name="output">The output projection.</param>
    public void AddFusedAttention(string suffix, string output)
    {
        long rows = QueryDim + (2 * KeyDim);
        AddRows(suffix, TensorNames.AttentionQuery, 0, QueryDim, [rows, config.ModelDim]);
        AddRows(suffix, TensorNames.AttentionKey, QueryDim, KeyDim, [rows, config.ModelDim]);
        AddRows(suffix, TensorNames.AttentionValue, QueryDim + KeyDim, KeyDim, [rows, config.ModelDim]);
        Add(output, TensorNames.AttentionOutput, config.ModelDim, QueryDim);
    }

    /// <summary>Biases of queries and keys in one tensor (2, 1, heads, head).</summary>
    public void AddQueryKeyBias(string suffix)
    {
        long[] shape = [2, 1, config.HeadCount, config.HeadDim];
        AddVector(suffix, TensorNames.AttentionQueryBias, 0, QueryDim, shape);
        AddVector(suffix, TensorNames.AttentionKeyBias, QueryDim, KeyDim, shape);
    }

    /// <summary>Query, key, value, gate and output projection of retention.</summary>
    /// <param name="prefix">What their names begin with.</param>
    /// <param name="output">Name of the output projection behind it.</param>
    public void AddRetention(string prefix, string output)
    {
        RetentionSettings retention = config.Retention!;
        long mixedDim = (long)config.HeadCount * retention.ValueDim;
        Add(prefix + "q_proj.weight", TensorNames.AttentionQuery, QueryDim, config.ModelDim);
        Add(prefix + "k_proj.weight", TensorNames.AttentionKey, KeyDim, config.ModelDim);
        Add(
            prefix + "v_proj.weight", TensorNames.AttentionValue, (long)config.KvHeadCount * retention.ValueDim,
            config.ModelDim);
        if (retention.HasGate)
        {
            Add(prefix + "g_proj.weight", TensorNames.RetentionGate, mixedDim, config.ModelDim);
        }

        Add(prefix + output, TensorNames.AttentionOutput, config.ModelDim, mixedDim);
    }

    /// <summary>Gate, up and down projection with their biases.</summary>
    public void AddFeedForward()
    {
        Add("mlp.gate_proj.weight", TensorNames.FfnGate, config.FfnDim, config.ModelDim);
        Add("mlp.up_proj.weight", TensorNames.FfnUp, config.FfnDim, config.ModelDim);
        Add("mlp.down_proj.weight", TensorNames.FfnDown, config.ModelDim, config.FfnDim);
        if (config.HasFfnBias)
        {
            Add("mlp.gate_proj.bias", TensorNames.FfnGateBias, config.FfnDim);
            Add("mlp.up_proj.bias", TensorNames.FfnUpBias, config.FfnDim);
            Add("mlp.down_proj.bias", TensorNames.FfnDownBias, config.ModelDim);
        }
    }

    /// <summary>The same where gate and up projection are one tensor, in this order.</summary>
    public void AddFusedFeedForward(string gateUp, string down)
    {
        AddHalves(gateUp, TensorNames.FfnGate, TensorNames.FfnUp, config.FfnDim);
        Add(down, TensorNames.FfnDown, config.ModelDim, config.FfnDim);
    }

    /// <summary>Router and experts: one tensor each, or in newer files stacks of all of them.</summary>
    /// <param name="prefix">What their names begin with.</param>
    /// <param name="router">Name of the router behind it.</param>
    /// <param name="names">Names of an expert's projections.</param>
    public void AddExperts(string prefix, string router, ExpertNames names)
    {
        const string Stack = "experts.gate_up_proj";
        if (source.Has(prefix + Stack))
        {
            AddExpertStacks(prefix + router, prefix + Stack, prefix + "experts.down_proj");
            return;
        }

        ExpertSettings experts = config.Experts!;
        Add(prefix + router, TensorNames.ExpertGate, experts.ChoiceCount, config.ModelDim);
        for (int i = 0; i < experts.Count; i++)
        {
            string expert = $"{prefix}experts.{i}.";
            Add($"{expert}{names.Gate}.weight", Own(TensorNames.FfnGate, i), experts.FfnDim, config.ModelDim);
            Add($"{expert}{names.Up}.weight", Own(TensorNames.FfnUp, i), experts.FfnDim, config.ModelDim);
            Add($"{expert}{names.Down}.weight", Own(TensorNames.FfnDown, i), config.ModelDim, experts.FfnDim);
        }
    }

    /// <summary>
    /// Router and experts, in stacks (experts, 2·ffn, model), gate rows first, and (experts, model, ffn).
    /// </summary>
    public void AddExpertStacks(string router, string gateUp, string down)
    {
        ExpertSettings experts = config.Experts!;
        long hidden = experts.FfnDim;
        long model = config.ModelDim;
        Add(router, TensorNames.ExpertGate, experts.ChoiceCount, model);
        for (int i = 0; i < experts.Count; i++)
        {
            long[] stack = [experts.Count, 2 * hidden, model];
            AddRows(gateUp, Own(TensorNames.FfnGate, i), 2 * hidden * i, hidden, stack);
            AddRows(gateUp, Own(TensorNames.FfnUp, i), (2 * hidden * i) + hidden, hidden, stack);
            AddRows(down, Own(TensorNames.FfnDown, i), model * i, model, [experts.Count, model, hidden]);
        }
    }

    /// <summary>The feed-forward network that every token goes through beside the experts.</summary>
    public void AddShared(string prefix)
    {
        int hidden = config.Experts!.SharedFfnDim;
        Add(prefix + "gate_proj.weight", TensorNames.SharedGate, hidden, config.ModelDim);
        Add(prefix + "up_proj.weight", TensorNames.SharedUp, hidden, config.ModelDim);
        Add(prefix + "down_proj.weight", TensorNames.SharedDown, config.ModelDim, hidden);
    }

    /// <summary>The same where gate and up projection are one tensor.</summary>
    public void AddFusedShared(string gateUp, string down)
    {
        int hidden = config.Experts!.SharedFfnDim;
        AddHalves(gateUp, TensorNames.SharedGate, TensorNames.SharedUp, hidden);
        Add(down, TensorNames.SharedDown, config.ModelDim, hidden);
    }

    private static string Own(string name, int expert) => TensorNames.Expert(name, expert);

    private void AddHalves(string suffix, string gate, string up, int hidden)
    {
        AddRows(suffix, gate, 0, hidden, [2L * hidden, config.ModelDim]);
        AddRows(suffix, up, hidden, hidden, [2L * hidden, config.ModelDim]);
    }

    private void AddRows(string suffix, string name, long start, long count, long[] sourceShape) =>
        _all.Add(new LayerTensor(suffix, name, sourceShape) { RowStart = start, RowCount = count });

    private void AddVector(string suffix, string name, long start, long count, long[] sourceShape) =>
        _all.Add(new LayerTensor(suffix, name, sourceShape) { RowStart = start, RowCount = count, IsVector = true });

    private void AddAttentionPart(string suffix, string name, int rotaryDim, params long[] shape) => _all.Add(
        new LayerTensor("self_attn." + suffix, name, shape) { IsAttention = true, RotaryDim = rotaryDim });

    private void AddHeadNorm(string suffix, string name, long width) => _all.Add(
        new LayerTensor("self_attn." + suffix, name, [width])
        {
            IsAttention = true,
            RotaryDim = Rotary,
            IsAboveOne = config.HasNormsAboveOne,
        });
}
