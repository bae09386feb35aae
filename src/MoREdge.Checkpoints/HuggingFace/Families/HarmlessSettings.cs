namespace MoREdge.Checkpoints.HuggingFace.Families;

/// <summary>
/// Settings that describe a model, its training or its use without changing what it computes. Every other one must be
/// read, or the configuration is refused.
/// </summary>
internal static class HarmlessSettings
{
    private static readonly string[] OfAll =
    [
        "architectures", "model_type", "_name_or_path", "name_or_path", "model_name", "transformers_version",
        "torch_dtype", "dtype", "use_cache", "initializer_range", "attention_dropout", "hidden_dropout", "dropout",
        "embd_pdrop", "resid_pdrop", "pretraining_tp", "pad_token_id", "unk_token_id", "sep_token_id", "auto_map",
        "return_dict", "cache_implementation", "output_attentions", "output_hidden_states", "is_llama_config",
        "_attn_implementation", "_attn_implementation_autoset", "attn_implementation", "gradient_checkpointing",
        "id2label", "label2id", "num_labels", "problem_type", "unsloth_version", "unsloth_fixed", "model_max_length",
        "tokenizer_class", "torchscript", "chunk_size_feed_forward", "finetuning_task", "task_specific_params",
        "do_sample", "temperature", "top_k", "top_p", "typical_p", "repetition_penalty", "length_penalty",
        "num_beams", "num_beam_groups", "num_return_sequences", "max_length", "min_length", "early_stopping",
        "diversity_penalty", "no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "forced_bos_token_id",
        "forced_eos_token_id", "suppress_tokens", "bad_words_ids", "begin_suppress_tokens",
        "exponential_decay_length_penalty", "decoder_start_token_id", "prefix", "base_model_tp_plan",
        "base_model_pp_plan", "keys_to_ignore_at_inference", "output_router_logits", "router_aux_loss_coef",
        "router_jitter_noise", "bos_token_id", "language", "license", "transformers.js_config",
    ];

    /// <summary>What every family may ignore, and what one may besides.</summary>
    public static HashSet<string> And(IEnumerable<string> own) => [.. OfAll, .. own];
}
