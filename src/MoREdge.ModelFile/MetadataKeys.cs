namespace MoREdge.ModelFile;

/// <summary>The catalogue of metadata keys. GGUF's own first, then what MoREdge adds (FORMAT.md).</summary>
public static class MetadataKeys
{
    /// <summary>string: "llama", "qwen2", "mor"; the prefix of the architecture's own keys.</summary>
    public const string Architecture = "general.architecture";

    /// <summary>uint32: alignment of tensor data in bytes, 32 when absent.</summary>
    public const string Alignment = "general.alignment";

    /// <summary>string: name of the model.</summary>
    public const string Name = "general.name";

    /// <summary>string: SPDX expression of the weights' licence.</summary>
    public const string License = "general.license";

    /// <summary>float32: the sampling temperature that the model's makers recommend, 0 for greedy.</summary>
    public const string SamplingTemperature = "general.sampling.temp";

    /// <summary>int32: the recommended top-k, 0 for all.</summary>
    public const string SamplingTopK = "general.sampling.top_k";

    /// <summary>float32: the recommended top-p.</summary>
    public const string SamplingTopP = "general.sampling.top_p";

    /// <summary>float32: the recommended min-p.</summary>
    public const string SamplingMinP = "general.sampling.min_p";

    /// <summary>float32: the recommended repeat penalty, 1 for none.</summary>
    public const string SamplingRepeatPenalty = "general.sampling.penalty_repeat";

    /// <summary>
    /// string: a text that the model was not trained on, to measure on it what an option costs; it may hold control
    /// tokens.
    /// </summary>
    public const string ReportText = "moredge.report_text";

    /// <summary>string: where the weights came from, in words.</summary>
    public const string SourceName = "moredge.source.name";

    /// <summary>string: the program that wrote the file, with its version.</summary>
    public const string Writer = "moredge.writer";

    /// <summary>string array: names of the tensors that are packed matrices, in file order.</summary>
    public const string PackedNames = "moredge.packed.names";

    /// <summary>string array beside <see cref="PackedNames"/>: "Q8G32" or "Q4G32".</summary>
    public const string PackedFormats = "moredge.packed.formats";

    /// <summary>uint32 array beside <see cref="PackedNames"/>: logical rows.</summary>
    public const string PackedRows = "moredge.packed.rows";

    /// <summary>uint32 array beside <see cref="PackedNames"/>: logical columns.</summary>
    public const string PackedCols = "moredge.packed.cols";

    /// <summary>uint32: rows interleaved in a tile, 8.</summary>
    public const string PackedTileRows = "moredge.packed.tile_rows";

    /// <summary>uint32: columns per scale, 32.</summary>
    public const string PackedGroupSize = "moredge.packed.group_size";

    /// <summary>string array, one XXH3-128 (32 hexadecimal digits) per tensor in file order.</summary>
    public const string TensorDigests = "moredge.digest.tensors";

    /// <summary>string: XXH3-128 of the header with this value's 32 digits read as '0'.</summary>
    public const string HeaderDigest = "moredge.digest.header";

    /// <summary>uint32: version of the block formats; llama.cpp's quantizer sets it, MoREdge never does.</summary>
    public const string QuantizationVersion = "general.quantization_version";

    /// <summary>uint16: files that llama.cpp's splitter made of a model.</summary>
    public const string SplitCount = "split.count";

    /// <summary>uint16: which of them this is, from 0.</summary>
    public const string SplitIndex = "split.no";

    /// <summary>string: "gpt2" (byte-level BPE) or "llama" (SentencePiece BPE).</summary>
    public const string TokenizerModel = "tokenizer.ggml.model";

    /// <summary>string: pre-tokenizer of byte-level BPE, such as "smollm".</summary>
    public const string TokenizerPre = "tokenizer.ggml.pre";

    /// <summary>string array: the vocabulary by id.</summary>
    public const string TokenizerTokens = "tokenizer.ggml.tokens";

    /// <summary>float32 array: SentencePiece scores by id.</summary>
    public const string TokenizerScores = "tokenizer.ggml.scores";

    /// <summary>int32 array by id: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.</summary>
    public const string TokenizerTokenTypes = "tokenizer.ggml.token_type";

    /// <summary>string array: "left right" pairs in order of rank.</summary>
    public const string TokenizerMerges = "tokenizer.ggml.merges";

    /// <summary>uint32: beginning-of-sequence id.</summary>
    public const string TokenizerBos = "tokenizer.ggml.bos_token_id";

    /// <summary>uint32: end-of-sequence id.</summary>
    public const string TokenizerEos = "tokenizer.ggml.eos_token_id";

    /// <summary>uint32: end-of-turn id of chat models.</summary>
    public const string TokenizerEot = "tokenizer.ggml.eot_token_id";

    /// <summary>uint32: end-of-message id of models that call tools.</summary>
    public const string TokenizerEom = "tokenizer.ggml.eom_token_id";

    /// <summary>uint32: unknown-token id.</summary>
    public const string TokenizerUnknown = "tokenizer.ggml.unknown_token_id";

    /// <summary>uint32: padding id.</summary>
    public const string TokenizerPadding = "tokenizer.ggml.padding_token_id";

    /// <summary>bool: a sequence starts with BOS.</summary>
    public const string TokenizerAddBos = "tokenizer.ggml.add_bos_token";

    /// <summary>bool: a sequence ends with EOS.</summary>
    public const string TokenizerAddEos = "tokenizer.ggml.add_eos_token";

    /// <summary>bool: a space is put before the text (SentencePiece).</summary>
    public const string TokenizerAddSpacePrefix = "tokenizer.ggml.add_space_prefix";

    /// <summary>string: Jinja chat template.</summary>
    public const string ChatTemplate = "tokenizer.chat_template";

    /// <summary>int32 array: every id that ends a generation (config.json may list several).</summary>
    public const string EosIds = "moredge.eos_token_ids";

    /// <summary>
    /// bool: runs of spaces become one and those at both ends vanish (SentencePiece); false when absent.
    /// </summary>
    public const string TokenizerRemoveExtraWhitespaces = "tokenizer.ggml.remove_extra_whitespaces";

    /// <summary>string: "every" or "first", which text segments get the space prefix; "every" when absent.</summary>
    public const string TokenizerPrefixScope = "moredge.tokenizer.prefix_scope";

    /// <summary>bool: a segment that starts with a space gets no second one; false when absent.</summary>
    public const string TokenizerPrefixOnlyIfMissing = "moredge.tokenizer.prefix_only_if_missing";

    /// <summary>
    /// bool: text is brought to normalization form C first; "qwen2" and "olmo" imply true when absent.
    /// </summary>
    public const string TokenizerNormalizeNfc = "moredge.tokenizer.normalize_nfc";

    /// <summary>
    /// bool: a whole pre-token that is a token is taken as it is; the pre-tokenizer implies it when absent.
    /// </summary>
    public const string TokenizerIgnoreMerges = "moredge.tokenizer.ignore_merges";

    /// <summary>bool: neighbouring unknown characters share one unknown token; true when absent.</summary>
    public const string TokenizerFuseUnknown = "moredge.tokenizer.fuse_unknown";

    /// <summary>int32 array: special tokens that swallow the white space before them; empty when absent.</summary>
    public const string TokenizerLeftStripIds = "moredge.tokenizer.left_strip_ids";

    /// <summary>int32 array: special tokens that swallow the white space after them; empty when absent.</summary>
    public const string TokenizerRightStripIds = "moredge.tokenizer.right_strip_ids";

    /// <summary>
    /// int32 array: special tokens that take the space before them and are found only behind one; empty when absent.
    /// </summary>
    public const string TokenizerNormalizedIds = "moredge.tokenizer.normalized_ids";

    // Suffixes behind "{architecture}." follow.

    /// <summary>uint32: physical blocks.</summary>
    public const string BlockCount = "block_count";

    /// <summary>uint32: trained context length in tokens.</summary>
    public const string ContextLength = "context_length";

    /// <summary>uint32: width of the residual stream.</summary>
    public const string EmbeddingLength = "embedding_length";

    /// <summary>uint32: width of the feed-forward network.</summary>
    public const string FeedForwardLength = "feed_forward_length";

    /// <summary>uint32: query heads.</summary>
    public const string HeadCount = "attention.head_count";

    /// <summary>uint32: key/value heads.</summary>
    public const string HeadCountKv = "attention.head_count_kv";

    /// <summary>uint32: width of a key head; embedding / heads when absent.</summary>
    public const string KeyLength = "attention.key_length";

    /// <summary>
    /// uint32: width of a value head. Where layers attend it equals the key width; where they retain it is required.
    /// </summary>
    public const string ValueLength = "attention.value_length";

    /// <summary>float32: epsilon of the RMS norms.</summary>
    public const string RmsNormEpsilon = "attention.layer_norm_rms_epsilon";

    /// <summary>float32: base of the rotary embedding.</summary>
    public const string RopeFrequencyBase = "rope.freq_base";

    /// <summary>float32: base of the rotary embedding of layers with a sliding window.</summary>
    public const string RopeFrequencyBaseSliding = "rope.freq_base_swa";

    /// <summary>uint32: times that the loop of a looped model runs.</summary>
    public const string LoopCount = "num_loops";

    /// <summary>bool: the norm before the head does not stand between two loops; false when absent.</summary>
    public const string SkipLoopNorm = "skip_loop_final_norm";

    /// <summary>
    /// float32, ours: probability to have left at which a token leaves the loop; 1, never, when absent.
    /// </summary>
    public const string ExitThreshold = "early_exit_threshold";

    /// <summary>uint32, ours: blocks before the loop.</summary>
    public const string PreludeCount = "prelude_count";

    /// <summary>uint32, ours: blocks behind the loop.</summary>
    public const string CodaCount = "coda_count";

    /// <summary>uint32: rotated dimensions of a head, its first; the head width when absent.</summary>
    public const string RopeDimensionCount = "rope.dimension_count";

    /// <summary>string: "none", "linear", "yarn" or "longrope"; "linear" when absent.</summary>
    public const string RopeScalingType = "rope.scaling.type";

    /// <summary>float32: how many times longer wavelengths become; 1 when absent.</summary>
    public const string RopeScalingFactor = "rope.scaling.factor";

    /// <summary>float32: the same in old files.</summary>
    public const string RopeScaleLinear = "rope.scale_linear";

    /// <summary>uint32: the context before it was stretched; the trained context when absent.</summary>
    public const string RopeOriginalContext = "rope.scaling.original_context_length";

    /// <summary>float32: factor of the rotation's amplitude, on top of YaRN's own; 1 when absent.</summary>
    public const string RopeAmplitude = "rope.scaling.attn_factor";

    /// <summary>
    /// float32: turns within the original context above which YaRN keeps a frequency; 32 when absent.
    /// </summary>
    public const string YarnBetaFast = "rope.scaling.yarn_beta_fast";

    /// <summary>float32: turns below which YaRN divides a frequency by the whole factor; 1 when absent.</summary>
    public const string YarnBetaSlow = "rope.scaling.yarn_beta_slow";

    /// <summary>float32: divides YaRN's amplitude by that of this multiplier; 0 (not at all) when absent.</summary>
    public const string YarnLogMultiplier = "rope.scaling.yarn_log_multiplier";

    /// <summary>float32: share of YaRN in the frequencies; only 1 (or -1: not set) is run.</summary>
    public const string YarnMix = "rope.scaling.yarn_ext_factor";

    /// <summary>float32: the whole amplitude of a YaRN rotation; only the one that its factor gives is run.</summary>
    public const string YarnAmplitude = "rope.scaling.yarn_attn_factor";

    /// <summary>bool, ours: YaRN's two limits are rounded outwards to whole dimensions; true when absent.</summary>
    public const string YarnTruncate = "rope.scaling.yarn_truncate";

    /// <summary>
    /// bool: whether the model was trained with stretched angles, which changes nothing; but in the Granite family
    /// false means that nothing is rotated. True when absent.
    /// </summary>
    public const string RopeFinetuned = "rope.scaling.finetuned";

    /// <summary>
    /// bool array, ours: which blocks rotate queries and keys; a rule of the architecture when absent.
    /// </summary>
    public const string RopePattern = "rope.pattern";

    /// <summary>
    /// uint32: most recent tokens that a layer with a window sees, its own included; no window when 0.
    /// </summary>
    public const string SlidingWindow = "attention.sliding_window";

    /// <summary>bool array (true: window) or uint32 (every so many blocks one has no window).</summary>
    public const string SlidingWindowPattern = "attention.sliding_window_pattern";

    /// <summary>float32: factor of attention scores; 1 / sqrt(key length) when absent.</summary>
    public const string AttentionScale = "attention.scale";

    /// <summary>
    /// float32: queries, keys and values are clamped to it, behind their norms; not at all when 0 or absent.
    /// </summary>
    public const string ProjectionBound = "attention.clamp_kqv";

    /// <summary>
    /// float32: attention scores are kept within it by a tanh; not at all when 0, the architecture's when absent.
    /// </summary>
    public const string AttentionSoftCap = "attn_logit_softcapping";

    /// <summary>
    /// float32: logits are kept within it by a tanh; not at all when 0, the architecture's when absent.
    /// </summary>
    public const string LogitSoftCap = "final_logit_softcapping";

    /// <summary>float32: factor of the embedding's rows.</summary>
    public const string EmbeddingScale = "embedding_scale";

    /// <summary>float32: factor of what a layer's parts add to the residual stream.</summary>
    public const string ResidualScale = "residual_scale";

    /// <summary>float32: logits are divided by it.</summary>
    public const string LogitScale = "logit_scale";

    /// <summary>uint32: vocabulary size; the embedding's rows when absent.</summary>
    public const string VocabSize = "vocab_size";

    /// <summary>string: "expert", "token", or "none" for a plain recursive model.</summary>
    public const string RecursionType = "type";

    /// <summary>uint32: recursions N.</summary>
    public const string RecursionCount = "num_recursion";

    /// <summary>uint32: layers B of the shared block.</summary>
    public const string BaseDepth = "base_depth";

    /// <summary>string: cycle, sequence, middle_cycle, middle_sequence.</summary>
    public const string Sharing = "sharing";

    /// <summary>uint32: width of the hidden layer of the draft head; there is none when absent.</summary>
    public const string DraftSize = "draft_size";

    /// <summary>float64 array: capacity per recursion.</summary>
    public const string Capacity = "capacity";

    /// <summary>string: "linear" or "mlp".</summary>
    public const string RouterType = "router_type";

    /// <summary>string: "sigmoid", "tanh", "softmax" or "none".</summary>
    public const string RouterFunction = "router_func";

    /// <summary>float64: factor of the router weight.</summary>
    public const string Alpha = "alpha";

    /// <summary>float64: the router input is divided by this.</summary>
    public const string Temperature = "temp";

    /// <summary>string: "weighted" or "additive".</summary>
    public const string Gating = "gating";

    /// <summary>bool: trained with recursive KV sharing.</summary>
    public const string KvSharing = "kv_sharing";

    /// <summary>bool: hybrid sharing, selected rows get fresh keys and values.</summary>
    public const string UpdateCache = "update_cache";

    /// <summary>string: the routing mode to run by default: topk, threshold, topk-threshold, full.</summary>
    public const string InferenceMode = "inference_mode";

    /// <summary>float64 array: selection threshold per recursion in logit space.</summary>
    public const string Thresholds = "thresholds";

    /// <summary>bool: attention weights are the same in every recursion.</summary>
    public const string AttentionTied = "attention_tied";
}
