using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace.Families;

/// <summary>
/// Huginn (arXiv:2502.05171): a prelude, a core that runs mean_recurrence times on a state of its own, a coda.
/// </summary>
internal sealed class Huginn : DecoderFamily
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames { get; } = ["RavenForCausalLM"];

    /// <inheritdoc/>
    public override string ModelType => "huginn_raven";

    /// <inheritdoc/>
    public override string Architecture => Architectures.Huginn;

    /// <inheritdoc/>
    public override string DisplayName => "Huginn";

    /// <inheritdoc/>
    public override OuterNames Outer { get; } =
        new("transformer.wte.weight", "transformer.ln_f.weight", "lm_head.weight");

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Unneeded { get; } =
    [
        "n_layers", "num_hidden_layers", "effective_expected_depth", "head_size", "n_query_groups", "init_orthogonal",
        "init_strategy", "init_values", "activation_checkpoint_impl", "mean_backprop_depth", "sampling_scheme",
        "randomize_embed_step", "lockstep_k", "lockstep_n", "mcleish_throttle", "elbayad_weighing",
        "elbayad_exponent", "test_time_noise_type", "geom_p", "architecture_class_name", "block_class_name",
        "mlp_class_name", "norm_class_name", "nonlin_name", "padding_multiple", "name", "lr_scale",
        "checkpointing_strategy",
    ];

    /// <inheritdoc/>
    public override DecoderConfig Read(ConfigObject json)
    {
        int width = json.GetInt32("n_embd", 1, ModelFileLimits.ModelDimensionMax);
        int heads = json.GetInt32("n_heads", 1, ModelFileLimits.ModelDimensionMax);
        if (width % heads != 0 || width / heads % 2 != 0)
        {
            throw json.Invalid("n_embd", $"does not make {heads} heads of an even width");
        }

        RefuseOptions(json, heads, width / heads);
        int prelude = json.GetInt32("n_layers_in_prelude", 0, DecoderConfig.LayerCountMax);
        int core = json.GetInt32("n_layers_in_recurrent_block", 1, DecoderConfig.LayerCountMax);
        int coda = json.GetInt32("n_layers_in_coda", 0, DecoderConfig.LayerCountMax);
        int vocabulary = json.GetInt32("vocab_size", 1, ModelFileLimits.ModelDimensionMax);
        DecoderConfig config = new()
        {
            Architecture = Architecture,
            ModelDim = width,
            FfnDim = json.GetInt32("intermediate_size", 1, ModelFileLimits.ModelDimensionMax),
            LayerCount = prelude + core + coda,
            HeadCount = heads,
            KvHeadCount = heads,
            HeadDim = width / heads,
            VocabSize = json.GetInt32("padded_vocab_size", 1, ModelFileLimits.ModelDimensionMax, vocabulary),
            ContextLength = json.GetInt32("block_size", 1, ModelFileLimits.ModelDimensionMax, 4096),
            RmsNormEpsilon = json.GetPositive("norm_eps", 1e-6),
            Rope = new RopeSettings { Base = json.GetPositive("rope_base", 50000), Dim = width / heads },
            IsHeadTied = json.GetBoolean("tie_embeddings", json.GetBoolean("tie_word_embeddings", fallback: true)),
            BosId = json.GetInt32("bos_token_id", 0, ModelFileLimits.ModelDimensionMax, -1),
            EosIds = TokenIds.Read(json, "eos_token_id"),
            HasQueryKeyBias = json.GetBoolean("qk_bias", fallback: true),
            Loop = new LoopSettings
            {
                Count = json.GetInt32("mean_recurrence", 1, ModelFileLimits.RecursionCountMax),
                PreludeCount = prelude,
                CodaCount = coda,
            },
        };
        json.RefuseUnread(HarmlessSettings.And(Unneeded));
        return config;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> LayerPrefixes(DecoderConfig config)
    {
        List<string> prefixes = [];
        LoopSettings loop = config.Loop!;
        Add("prelude", loop.PreludeCount);
        Add("core_block", config.LayerCount - loop.PreludeCount - loop.CodaCount);
        Add("coda", loop.CodaCount);
        return prefixes;

        void Add(string part, int count)
        {
            for (int i = 0; i < count; i++)
            {
                prefixes.Add($"transformer.{part}.{i}.");
            }
        }
    }

    /// <inheritdoc/>
    public override IEnumerable<LayerTensor> LoopTensors(DecoderConfig config) =>
        [new("transformer.adapter.weight", TensorNames.LoopAdapter, [config.ModelDim, 2L * config.ModelDim])];

    /// <inheritdoc/>
    public override bool IsRedundant(string name) => name == "freqs_cis";

    /// <inheritdoc/>
    public override IEnumerable<LayerTensor> Layer(DecoderConfig config, int layer, LayerSource source)
    {
        // Its heads pair neighbours already, as the model file does.
        LayerTensors tensors = new(config, source with { InterleavesRotary = false });
        tensors.AddNorm("norm_1.weight", TensorNames.AttentionNorm);
        tensors.AddFusedAttention("attn.Wqkv.weight", "attn.proj.weight");
        if (config.HasQueryKeyBias)
        {
            tensors.AddQueryKeyBias("attn.qk_bias");
        }

        tensors.AddNorm("norm_2.weight", TensorNames.PostAttentionNorm);
        tensors.AddNorm("norm_3.weight", TensorNames.FfnNorm);
        tensors.AddFusedFeedForward("mlp.fc.weight", "mlp.proj.weight");
        tensors.AddNorm("norm_4.weight", TensorNames.PostFfnNorm);
        return tensors.All;
    }

    private static void RefuseOptions(ConfigObject json, int heads, int headDim)
    {
        json.RequireUnset(
            ["bias", "clip_qkv", "debias_attention", "center_attention", "use_fused_head", "test_time_noise"]);

        // They follow from the other sizes.
        json.RequireNumber("num_attention_heads", heads);
        json.RequireNumber("num_key_value_heads", heads);
        json.RequireNumber("head_dim", headDim);

        // How the state begins is the caller's choice here; the value describes the training.
        _ = json.GetString("state_init");
        json.RequireText("injection_type", "linear");
    }
}
