using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace.Families;

/// <summary>Names of the tensors outside the layers.</summary>
/// <param name="Embedding">The token embedding.</param>
/// <param name="Norm">The norm before the head.</param>
/// <param name="Head">The head.</param>
internal sealed record OuterNames(string Embedding, string Norm, string Head);

/// <summary>
/// A family of decoders: the classes that config.json names, what their settings mean, and the names of their tensors.
/// To add one, write a subclass and list it in <see cref="FamilyList"/>; src/README.md says what else it may need.
/// </summary>
internal abstract class DecoderFamily
{
    /// <summary>max_window_layers where the configuration does not say it.</summary>
    protected const int FirstWindowLayerDefault = 28;

    /// <summary>The classes that "architectures" may name.</summary>
    public abstract IReadOnlyList<string> ClassNames { get; }

    /// <summary>The value of "model_type", for configurations that name no class.</summary>
    public abstract string ModelType { get; }

    /// <summary>The GGUF architecture.</summary>
    public abstract string Architecture { get; }

    /// <summary>The name for people.</summary>
    public abstract string DisplayName { get; }

    /// <summary>Names of the tensors outside the layers.</summary>
    public virtual OuterNames Outer { get; } =
        new("model.embed_tokens.weight", "model.norm.weight", "lm_head.weight");

    /// <summary>Whether its layers can be a shared block that runs again and again (Mixture-of-Recursions).</summary>
    public virtual bool CanRecur => false;

    /// <summary>Key/value heads of a configuration that states none; null makes the key required.</summary>
    protected virtual Func<int, int>? KvHeadCountDefault => null;

    /// <summary>Head width of a configuration that states none; null for the model's width over its heads.</summary>
    protected virtual int? HeadDimDefault => null;

    /// <summary>Whether the head is the embedding where the configuration does not say.</summary>
    protected virtual bool IsHeadTiedDefault => false;

    /// <summary>The setting that names the feed-forward network's function, and the names of the one it has.</summary>
    protected virtual (string Key, string[] Names) Activation => ("hidden_act", ["silu", "swish"]);

    /// <summary>Epsilon of the RMS norms of a configuration that states none.</summary>
    protected virtual double RmsNormEpsilonDefault => 1e-6;

    /// <summary>Context of a configuration that states none.</summary>
    protected virtual int ContextDefault => 2048;

    /// <summary>
    /// Context before it was stretched, of a configuration that states none; null for the context that it has.
    /// </summary>
    protected virtual int? OriginalContextDefault => null;

    /// <summary>The base of the angles of a configuration that states none.</summary>
    protected virtual double RopeBaseDefault => 10000;

    /// <summary>The setting of the base of layers with a window, or null.</summary>
    protected virtual string? WindowBaseKey => null;

    /// <summary>
    /// What this family may ignore besides what all may: settings of its training, of parts that are switched off, or
    /// of another way to compute the same.
    /// </summary>
    protected virtual IReadOnlyList<string> Unneeded => [];

    /// <summary>Whether "architectures" names this family by <paramref name="name"/>.</summary>
    public bool HasClass(string name)
    {
        foreach (string own in ClassNames)
        {
            if (own == name)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a configuration whose class is right is of this family: names may be shared.</summary>
    public virtual bool Describes(ConfigObject json) => true;

    /// <summary>Reads and checks a configuration.</summary>
    /// <exception cref="CheckpointException">MissingKey, InvalidValue or UnsupportedOption.</exception>
    public virtual DecoderConfig Read(ConfigObject json)
    {
        RefuseQuantized(json);
        CheckActivation(json);
        int modelDim = json.GetInt32("hidden_size", 1, ModelFileLimits.ModelDimensionMax);
        int headCount = json.GetInt32("num_attention_heads", 1, ModelFileLimits.ModelDimensionMax);
        int? usualKvHeads = json.Has("num_key_value_heads") ? headCount : KvHeadCountDefault?.Invoke(headCount);
        int kvHeadCount = json.GetInt32("num_key_value_heads", 1, headCount, usualKvHeads);
        if (headCount % kvHeadCount != 0)
        {
            throw json.Invalid("num_attention_heads", $"is no multiple of {kvHeadCount} key/value heads");
        }

        int headDim = ReadHeadDim(json, modelDim, headCount);
        int context = json.GetInt32("max_position_embeddings", 1, ModelFileLimits.ModelDimensionMax, ContextDefault);
        RopeReader rope = new(json, headDim, context, OriginalContextDefault);
        DecoderConfig config = new()
        {
            Architecture = Architecture,
            ModelDim = modelDim,
            FfnDim = json.GetInt32("intermediate_size", 1, ModelFileLimits.ModelDimensionMax),
            LayerCount = json.GetInt32("num_hidden_layers", 1, DecoderConfig.LayerCountMax),
            HeadCount = headCount,
            KvHeadCount = kvHeadCount,
            HeadDim = headDim,
            VocabSize = json.GetInt32("vocab_size", 1, ModelFileLimits.ModelDimensionMax),
            ContextLength = context,
            RmsNormEpsilon = json.GetPositive("rms_norm_eps", RmsNormEpsilonDefault),
            Rope = rope.Read(WindowBaseKey, RopeBaseDefault),
            IsHeadTied = json.GetBoolean("tie_word_embeddings", IsHeadTiedDefault),
            BosId = json.GetInt32("bos_token_id", 0, ModelFileLimits.ModelDimensionMax, -1),
            EosIds = TokenIds.Read(json, "eos_token_id"),
        };
        ReadOwn(json, config);
        ReadLayerTypes(json, config);
        json.RefuseUnread(HarmlessSettings.And(Unneeded));
        return config;
    }

    /// <summary>
    /// What the tensors of each layer begin with; null where the names themselves say, as they do for recursive models
    /// (RecursionLayout).
    /// </summary>
    public virtual IReadOnlyList<string>? LayerPrefixes(DecoderConfig config) => null;

    /// <summary>Tensors of the loop.</summary>
    public virtual IEnumerable<LayerTensor> LoopTensors(DecoderConfig config) => [];

    /// <summary>The name of a tensor in this family's words; other programs' checkpoints may have their own.</summary>
    public virtual string Translate(string name) => name;

    /// <summary>Tensors that are in the checkpoint and repeat what the configuration says.</summary>
    public virtual bool IsRedundant(string name) => name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal);

    /// <summary>The tensors of a layer, in the order of a model file.</summary>
    /// <param name="config">The shape.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="source">What the checkpoint holds; a family may store the same in two ways.</param>
    public virtual IEnumerable<LayerTensor> Layer(DecoderConfig config, int layer, LayerSource source)
    {
        LayerTensors tensors = new(config, source);
        tensors.AddNorm("input_layernorm.weight", TensorNames.AttentionNorm);
        tensors.AddAttention();
        tensors.AddNorm("post_attention_layernorm.weight", TensorNames.FfnNorm);
        AddFeedForward(tensors, config, layer);
        return tensors.All;
    }

    /// <summary>Adds the tensors of the feed-forward network, or of the experts.</summary>
    protected virtual void AddFeedForward(LayerTensors tensors, DecoderConfig config, int layer)
    {
        if (config.HasExperts(layer))
        {
            tensors.AddExperts("mlp.", "gate.weight", ExpertNames.Projections);
        }
        else
        {
            tensors.AddFeedForward();
        }
    }

    /// <summary>Reads what is particular about the family.</summary>
    protected virtual void ReadOwn(ConfigObject json, DecoderConfig config)
    {
    }

    /// <summary>attention_bias and mlp_bias, as most families have them.</summary>
    protected static void ReadBiases(ConfigObject json, DecoderConfig config)
    {
        config.HasAttentionBias = json.GetBoolean("attention_bias", fallback: false);
        config.HasAttentionOutputBias = config.HasAttentionBias;
        config.HasFfnBias = json.GetBoolean("mlp_bias", fallback: false);
    }

    /// <summary>Fills a flag per layer.</summary>
    protected static bool[] PerLayer(DecoderConfig config, Func<int, bool> flag)
    {
        bool[] flags = new bool[config.LayerCount];
        for (int i = 0; i < flags.Length; i++)
        {
            flags[i] = flag(i);
        }

        return flags;
    }

    /// <summary>sliding_window; null means none, and nothing at all means the class's usual one.</summary>
    protected static int ReadWindow(ConfigObject json, int usual) =>
        json.GetInt32("sliding_window", 0, int.MaxValue, json.Has("sliding_window") ? 0 : usual);

    /// <summary>A window that layers from max_window_layers on have where use_sliding_window says so (Qwen).</summary>
    protected static void ReadSwitchedWindow(ConfigObject json, DecoderConfig config)
    {
        int window = ReadWindow(json, 4096);
        int first = json.GetInt32("max_window_layers", 0, int.MaxValue, FirstWindowLayerDefault);
        if (json.GetBoolean("use_sliding_window", fallback: false))
        {
            config.Window = window;
            config.HasWindow = PerLayer(config, layer => layer >= first);
        }
    }

    /// <summary>Which layers have experts: every so many, but for a list (Qwen's mixtures).</summary>
    protected static Func<int, bool> SparseLayers(ConfigObject json)
    {
        int step = json.GetInt32("decoder_sparse_step", 1, DecoderConfig.LayerCountMax, 1);
        HashSet<int> dense = [.. TokenIds.Read(json, "mlp_only_layers")];
        return layer => !dense.Contains(layer) && (layer + 1) % step == 0;
    }

    /// <summary>Newer configurations list the kind of every layer, which is then what holds.</summary>
    private static void ReadLayerTypes(ConfigObject json, DecoderConfig config)
    {
        if (json.GetStrings("layer_types") is not { } types)
        {
            return;
        }

        if (types.Length != config.LayerCount)
        {
            throw json.Invalid("layer_types", $"does not name {config.LayerCount} layers");
        }

        foreach (string type in types)
        {
            if (type is not (RopeReader.FullLayers or RopeReader.WindowLayers))
            {
                throw new CheckpointException(
                    CheckpointError.UnsupportedOption,
                    $"{json.Name} uses a layer of type {CheckpointException.Quote(type)}.");
            }
        }

        config.HasWindow = PerLayer(config, layer => types[layer] == RopeReader.WindowLayers);
        if (config.Window == 0 && Array.Exists(config.HasWindow, hasWindow => hasWindow))
        {
            config.Window = json.GetInt32("sliding_window", 1, int.MaxValue);
        }
    }

    /// <summary>Refuses another function than the family has.</summary>
    protected void CheckActivation(ConfigObject json)
    {
        (string key, string[] names) = Activation;
        string activation = json.GetString(key) ?? names[0];
        if (Array.IndexOf(names, activation) < 0)
        {
            throw new CheckpointException(
                CheckpointError.UnsupportedOption,
                $"{json.Name} uses {key} {CheckpointException.Quote(activation)}; {DisplayName} is computed with "
                + $"{names[0]}.");
        }
    }

    /// <summary>Refuses weights that are quantized already.</summary>
    protected static void RefuseQuantized(ConfigObject json)
    {
        if (json.TryGet("quantization_config", out _))
        {
            throw new CheckpointException(
                CheckpointError.UnsupportedOption,
                $"{json.Name} uses quantization_config: the weights are already quantized in a way that is not read.");
        }
    }

    private int ReadHeadDim(ConfigObject json, int modelDim, int headCount)
    {
        if (!json.TryGet("head_dim", out _) && HeadDimDefault is null && modelDim % headCount != 0)
        {
            throw json.Invalid("hidden_size", $"is no multiple of {headCount} heads");
        }

        int headDim = json.GetInt32(
            "head_dim", 2, ModelFileLimits.ModelDimensionMax / headCount, HeadDimDefault ?? (modelDim / headCount));
        return headDim % 2 == 0
            ? headDim
            : throw json.Invalid("head_dim", "is odd, which rotary embeddings cannot be");
    }
}
