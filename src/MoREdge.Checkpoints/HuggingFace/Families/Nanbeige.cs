using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace.Families;

/// <summary>Nanbeige 4.2: the layers of Llama, all of them num_loops times.</summary>
internal sealed class Nanbeige : DecoderFamily
{
    /// <summary>Its configuration class has more options than its checkpoints use; each changes the network.</summary>
    private static readonly string[] Refused =
    [
        "qk_layernorm", "emb_neighbor_num", "insert_ngram_layer_idx", "ngram_insert_all_layers", "loop_middle_layers",
        "enable_double_loop_split", "loop_share_kv", "enable_hyper_connection", "enable_mhc",
        "enable_depth_attention", "loop_loss_weights",
    ];

    /// <summary>What the refused options would be told besides.</summary>
    protected override IReadOnlyList<string> Unneeded { get; } =
    [
        "emb_split_num", "emb_tp_num", "ngram_vocab_size_ratio", "ngram_mod_force_prime", "ngram_embedding_hidden_size",
        "ngram_fused_mode", "ngram_compressed_tokenizer", "skip_ngram_for_input", "ngram_layer_downproject_size",
        "num_residual_streams", "mhc_sinkhorn_iterations", "mhc_init_gating_factor", "mhc_diff_for_loop",
        "mhc_double_stream_position_for_loop", "mhc_identity_nohresparam", "enable_h_res_identity",
        "depth_attention_stride", "depth_attention_recent_window", "depth_attention_static_anchor_once",
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames { get; } = ["NanbeigeForCausalLM"];

    /// <inheritdoc/>
    public override string ModelType => "nanbeige";

    /// <inheritdoc/>
    public override string Architecture => Architectures.Nanbeige;

    /// <inheritdoc/>
    public override string DisplayName => "Nanbeige";

    /// <inheritdoc/>
    protected override Func<int, int>? KvHeadCountDefault => heads => heads;

    /// <inheritdoc/>
    protected override void ReadOwn(ConfigObject json, DecoderConfig config)
    {
        ReadBiases(json, config);
        json.RequireUnset(Refused);
        int width = json.GetInt32("kv_channels", 1, ModelFileLimits.ModelDimensionMax, config.HeadDim);
        if (width != config.HeadDim)
        {
            throw json.Invalid("kv_channels", $"is not the head width {config.HeadDim}");
        }

        config.Loop = new LoopSettings
        {
            Count = json.GetInt32("num_loops", 1, ModelFileLimits.RecursionCountMax, 1),
            SkipsNorm = json.GetBoolean("skip_loop_final_norm", fallback: false),
        };
    }
}
