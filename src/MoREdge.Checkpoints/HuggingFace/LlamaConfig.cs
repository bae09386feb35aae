using System.Text.Json;
using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace;

/// <summary>
/// The shape of a Llama-family decoder, as config.json states it. Everything this project would run wrongly is refused.
/// </summary>
internal sealed class LlamaConfig
{

    /// <summary>The most layers accepted.</summary>
    public const int LayerCountMax = 4096;

    private const string LlamaFamily = "LlamaForCausalLM";
    private const string MorFamily = "MoRLlamaForCausalLM";
    private const string MistralFamily = "MistralForCausalLM";
    private const string QwenFamily = "Qwen2ForCausalLM";

    private LlamaConfig()
    {
    }

    /// <summary>The GGUF architecture of a model without recursion: "llama" or "qwen2".</summary>
    public required string Architecture { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int ModelDim { get; init; }

    /// <summary>Width of the feed-forward network.</summary>
    public required int FfnDim { get; init; }

    /// <summary>Layers the configuration speaks of, unrolled.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Query heads.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Key/value heads.</summary>
    public required int KvHeadCount { get; init; }

    /// <summary>Width of a head.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Rows of the embedding.</summary>
    public required int VocabSize { get; init; }

    /// <summary>Trained context in tokens.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Epsilon of the RMS norms.</summary>
    public required double RmsNormEpsilon { get; init; }

    /// <summary>Base of the rotary embedding.</summary>
    public required double RopeBase { get; init; }

    /// <summary>Divisors of the rotary frequencies (head / 2), or null.</summary>
    public required float[]? RopeFrequencyFactors { get; init; }

    /// <summary>True when query, key and value projections have biases.</summary>
    public required bool HasAttentionBias { get; init; }

    /// <summary>True when the attention output projection has a bias.</summary>
    public required bool HasAttentionOutputBias { get; init; }

    /// <summary>True when the feed-forward projections have biases.</summary>
    public required bool HasFfnBias { get; init; }

    /// <summary>True when the head is the embedding.</summary>
    public required bool IsHeadTied { get; init; }

    /// <summary>Beginning-of-sequence id, or −1.</summary>
    public required int BosId { get; init; }

    /// <summary>Ids that end a generation.</summary>
    public required int[] EosIds { get; init; }

    /// <summary>Reads and checks a configuration.</summary>
    /// <exception cref="CheckpointException">
    /// MissingKey, InvalidValue, UnsupportedArchitecture or UnsupportedOption.
    /// </exception>
    public static LlamaConfig Read(ConfigObject config)
    {
        string family = ReadFamily(config);
        RefuseOtherKinds(config);
        UnsupportedOptions.Refuse(config, family);
        int modelDim = config.GetInt32("hidden_size", 1, ModelFileLimits.ModelDimensionMax);
        int headCount = config.GetInt32("num_attention_heads", 1, ModelFileLimits.ModelDimensionMax);
        int? kvFallback = family == LlamaFamily ? headCount : null;
        int kvHeadCount = config.GetInt32("num_key_value_heads", 1, headCount, kvFallback);
        int headDim = ReadHeadDim(config, modelDim, headCount);
        if (headCount % kvHeadCount != 0)
        {
            throw config.Invalid("num_attention_heads", $"is no multiple of {kvHeadCount} key/value heads");
        }

        bool isQwen = family == QwenFamily;
        bool attentionBias = config.GetBoolean("attention_bias", fallback: false);
        double ropeBase = RopeScaling.ReadBase(config);
        return new LlamaConfig
        {
            Architecture = isQwen ? "qwen2" : "llama",
            ModelDim = modelDim,
            FfnDim = config.GetInt32("intermediate_size", 1, ModelFileLimits.ModelDimensionMax),
            LayerCount = config.GetInt32("num_hidden_layers", 1, LayerCountMax),
            HeadCount = headCount,
            KvHeadCount = kvHeadCount,
            HeadDim = headDim,
            VocabSize = config.GetInt32("vocab_size", 1, ModelFileLimits.ModelDimensionMax),
            ContextLength = config.GetInt32("max_position_embeddings", 1, ModelFileLimits.ModelDimensionMax, 2048),
            RmsNormEpsilon = config.GetPositive("rms_norm_eps", 1e-6),
            RopeBase = ropeBase,
            RopeFrequencyFactors = RopeScaling.ReadFactors(config, ropeBase, headDim),
            HasAttentionBias = isQwen || attentionBias,
            HasAttentionOutputBias = !isQwen && attentionBias,
            HasFfnBias = config.GetBoolean("mlp_bias", fallback: false),
            IsHeadTied = config.GetBoolean("tie_word_embeddings", fallback: false),
            BosId = config.GetInt32("bos_token_id", 0, ModelFileLimits.ModelDimensionMax, -1),
            EosIds = TokenIds.Read(config, "eos_token_id"),
        };
    }

    /// <summary>Writes the keys of the shape under "{architecture}.".</summary>
    public void WriteTo(GgufMetadata metadata, string architecture, int blockCount)
    {
        metadata.Set(MetadataKeys.Architecture, GgufValue.FromString(architecture));
        SetCount(MetadataKeys.BlockCount, blockCount);
        SetCount(MetadataKeys.ContextLength, ContextLength);
        SetCount(MetadataKeys.EmbeddingLength, ModelDim);
        SetCount(MetadataKeys.FeedForwardLength, FfnDim);
        SetCount(MetadataKeys.HeadCount, HeadCount);
        SetCount(MetadataKeys.HeadCountKv, KvHeadCount);
        SetCount(MetadataKeys.KeyLength, HeadDim);
        SetCount(MetadataKeys.ValueLength, HeadDim);
        SetCount(MetadataKeys.RopeDimensionCount, HeadDim);
        SetCount(MetadataKeys.VocabSize, VocabSize);
        metadata.Set($"{architecture}.{MetadataKeys.RmsNormEpsilon}", GgufValue.FromFloat32((float)RmsNormEpsilon));
        metadata.Set($"{architecture}.{MetadataKeys.RopeFrequencyBase}", GgufValue.FromFloat32((float)RopeBase));

        void SetCount(string suffix, int count) =>
            metadata.Set($"{architecture}.{suffix}", GgufValue.FromUInt32((uint)count));
    }

    private static string ReadFamily(ConfigObject config)
    {
        string? name = null;
        if (config.TryGet("architectures", out JsonElement list))
        {
            bool isOne = list.ValueKind == JsonValueKind.Array && list.GetArrayLength() == 1
                && list[0].ValueKind == JsonValueKind.String;
            name = isOne
                ? list[0].GetString()
                : throw config.Invalid("architectures", "does not name exactly one class");
        }

        return name switch
        {
            LlamaFamily or MorFamily => LlamaFamily,
            MistralFamily => MistralFamily,
            QwenFamily => QwenFamily,
            null when config.GetString("model_type") == "llama" => LlamaFamily,
            _ => throw new CheckpointException(
                CheckpointError.UnsupportedArchitecture,
                $"{config.Name} describes the architecture "
                + $"{CheckpointException.Quote(name ?? config.GetString("model_type") ?? "(none)")}; "
                + $"{LlamaFamily}, {MorFamily}, {MistralFamily} and {QwenFamily} are supported."),
        };
    }

    /// <summary>What a Llama configuration becomes through an object beside "mor".</summary>
    private static void RefuseOtherKinds(ConfigObject config)
    {
        string? kind = config.Has("mod") ? "Mixture-of-Depths" : config.Has("moe") ? "Mixture-of-Experts" : null;
        if (kind is not null)
        {
            throw new CheckpointException(
                CheckpointError.UnsupportedArchitecture,
                $"{config.Name} describes the architecture {kind}, which is not supported.");
        }
    }

    private static int ReadHeadDim(ConfigObject config, int modelDim, int headCount)
    {
        if (!config.TryGet("head_dim", out _) && modelDim % headCount != 0)
        {
            throw config.Invalid("hidden_size", $"is no multiple of {headCount} heads");
        }

        int headDim = config.GetInt32(
            "head_dim", 2, ModelFileLimits.ModelDimensionMax / headCount, modelDim / headCount);
        return headDim % 2 == 0
            ? headDim
            : throw config.Invalid("head_dim", "is odd, which rotary embeddings cannot be");
    }
}
