using MoREdge.Model;
using MoREdge.ModelFile;

namespace MoREdge.Cli;

/// <summary>
/// Collects what a model file says about itself. It reads, it does not judge: a key that is absent is left out, and a
/// key of another type is shown as it is, so that files of others and damaged configurations can be looked at too.
/// </summary>
internal static class ModelFacts
{
    /// <summary>All sections that the file has something for.</summary>
    public static List<FactSection> Collect(GgufFile file)
    {
        GgufMetadata metadata = file.Metadata;
        List<FactSection> sections = [FileFacts(file)];
        if (metadata.TryGetValue(MetadataKeys.Architecture, out GgufValue? value)
            && value.TryGetString(out string? architecture))
        {
            sections.Add(Architecture(metadata, architecture));
            sections.Add(Recursion(metadata, architecture));
            sections.Add(Loop(metadata, architecture));
            sections.Add(Depths(metadata, architecture));
            sections.Add(Experts(metadata, architecture));
            sections.Add(Retention(file, architecture));
        }

        sections.Add(Parameters(file));
        sections.Add(Tokenizer(metadata));
        sections.RemoveAll(section => section.Facts.Count == 0);
        return sections;
    }

    private static FactSection FileFacts(GgufFile file)
    {
        FactSection section = new("file");
        long tensorBytes = 0;
        foreach (GgufTensor tensor in file.Tensors)
        {
            tensorBytes += tensor.ByteCount;
        }

        section.Add("path", "path", file.Path);
        section.AddBytes("bytes", "size", file.FileBytes);
        section.AddBytes("tensor_bytes", "weights", tensorBytes);
        section.AddBytes("header_bytes", "header, padding", file.FileBytes - tensorBytes);
        section.Add("tensor_count", "tensors", file.Tensors.Count);
        section.Add("metadata_count", "metadata keys", file.Metadata.Count);
        section.AddValue("part_index", "part, from 0", file.Metadata, MetadataKeys.SplitIndex);
        section.AddValue("part_count", "of parts", file.Metadata, MetadataKeys.SplitCount);
        section.AddValue("name", "name", file.Metadata, MetadataKeys.Name);
        section.AddValue("source", "source", file.Metadata, MetadataKeys.SourceName);
        section.AddValue("license", "licence", file.Metadata, MetadataKeys.License);
        section.AddValue("writer", "written by", file.Metadata, MetadataKeys.Writer);
        string digests = (file.HasHeaderDigest, file.HasDigests) switch
        {
            (true, true) => "header and every tensor",
            (true, false) => "header",
            (false, true) => "every tensor",
            _ => "none",
        };
        section.Add("digests", "digests", digests);
        return section;
    }

    private static FactSection Architecture(GgufMetadata metadata, string architecture)
    {
        FactSection section = new("model");
        section.Add("architecture", "architecture", architecture);
        AddAll(
            section, metadata, architecture,
            ("context_length", "context (tokens)", MetadataKeys.ContextLength),
            ("block_count", "blocks", MetadataKeys.BlockCount),
            ("model_dim", "model width", MetadataKeys.EmbeddingLength),
            ("ffn_dim", "feed-forward width", MetadataKeys.FeedForwardLength),
            ("head_count", "query heads", MetadataKeys.HeadCount),
            ("kv_head_count", "key/value heads", MetadataKeys.HeadCountKv),
            ("head_dim", "head width", MetadataKeys.KeyLength),
            ("rope_theta", "rotary base", MetadataKeys.RopeFrequencyBase),
            ("sliding_window", "window (tokens)", MetadataKeys.SlidingWindow),
            ("rms_norm_epsilon", "norm epsilon", MetadataKeys.RmsNormEpsilon));
        return section;
    }

    private static FactSection Experts(GgufMetadata metadata, string architecture)
    {
        FactSection section = new("experts");
        AddAll(
            section, metadata, architecture,
            ("expert_count", "experts", ExpertKeys.Count),
            ("expert_used_count", "of them per token", ExpertKeys.UsedCount),
            ("expert_ffn_dim", "width of an expert", ExpertKeys.FeedForwardLength),
            ("shared_ffn_dim", "width of the shared one", ExpertKeys.SharedFeedForwardLength));
        return section;
    }

    private static FactSection Depths(GgufMetadata metadata, string architecture)
    {
        FactSection section = new("depths");
        AddAll(
            section, metadata, architecture,
            ("capacity", "share of tokens by block", SkipKeys.Capacities),
            ("thresholds", "thresholds", SkipKeys.Thresholds),
            ("scope", "what is skipped", SkipKeys.Scope),
            ("score", "router function", SkipKeys.Score),
            ("select", "choice in prompts", SkipKeys.Select),
            ("decode", "choice when decoding", SkipKeys.Decode));
        return section;
    }

    private static FactSection Loop(GgufMetadata metadata, string architecture)
    {
        FactSection section = new("loop");
        AddAll(
            section, metadata, architecture,
            ("loop_count", "runs", MetadataKeys.LoopCount),
            ("prelude_count", "blocks before it", MetadataKeys.PreludeCount),
            ("coda_count", "blocks behind it", MetadataKeys.CodaCount),
            ("exit_threshold", "exit threshold", MetadataKeys.ExitThreshold));
        return section;
    }

    private static FactSection Recursion(GgufMetadata metadata, string architecture)
    {
        FactSection section = new("recursion");
        AddAll(
            section, metadata, architecture,
            ("type", "type", MetadataKeys.RecursionType),
            ("recursion_count", "recursions", MetadataKeys.RecursionCount),
            ("base_depth", "shared blocks", MetadataKeys.BaseDepth),
            ("sharing", "sharing", MetadataKeys.Sharing),
            ("attention_tied", "attention shared", MetadataKeys.AttentionTied),
            ("router", "router", MetadataKeys.RouterType),
            ("router_function", "router function", MetadataKeys.RouterFunction),
            ("gating", "gating", MetadataKeys.Gating),
            ("alpha", "alpha", MetadataKeys.Alpha),
            ("capacity", "capacity", MetadataKeys.Capacity),
            ("thresholds", "thresholds", MetadataKeys.Thresholds),
            ("inference_mode", "routing mode", MetadataKeys.InferenceMode),
            ("draft_size", "draft head", MetadataKeys.DraftSize));
        if (section.Facts.Count > 0)
        {
            bool shared = Flag(metadata, $"{architecture}.{MetadataKeys.KvSharing}");
            bool hybrid = Flag(metadata, $"{architecture}.{MetadataKeys.UpdateCache}");
            section.Add("kv", "keys and values", hybrid ? "hybrid" : shared ? "shared" : "recursion");
        }

        return section;
    }

    private static FactSection Retention(GgufFile file, string architecture)
    {
        FactSection section = new("retention");
        if (architecture != Architectures.RetNet)
        {
            return section;
        }

        AddAll(
            section, file.Metadata, architecture,
            ("dialect", "dialect", RetentionKeys.Dialect),
            ("decay", "decay", RetentionKeys.Decay),
            ("value_dim", "value head width", MetadataKeys.ValueLength),
            ("gate", "gate", RetentionKeys.Gate),
            ("feature_map", "feature map", RetentionKeys.FeatureMap));
        try
        {
            long stateBytes = MemoryEstimate.StateBytesOf(ModelConfigReader.Read(file));
            section.AddBytes("state_bytes", "state of a text", stateBytes);
            section.Add("kv_bytes_per_token", "more per token", 0);
        }
        catch (ModelFileException)
        {
            // A damaged configuration is shown as it is, without what would follow from it.
        }

        return section;
    }

    private static FactSection Parameters(GgufFile file)
    {
        FactSection section = new("parameters");
        long total = 0;
        long ofExperts = 0;
        foreach (GgufTensor tensor in file.Tensors)
        {
            // Frequency factors follow from the configuration; nobody trained them.
            bool isGiven = tensor.Name is TensorNames.RopeFrequencies or TensorNames.RopeFactorsLong
                or TensorNames.RopeFactorsShort;
            total += isGiven ? 0 : tensor.Shape.ElementCount;
            ofExperts += TensorNames.IsOfExperts(tensor.Name) ? tensor.Shape.ElementCount : 0;
        }

        if (total == 0)
        {
            return section;
        }

        long embedding = file.TryGetTensor(TensorNames.TokenEmbedding, out GgufTensor? found)
            ? found.Shape.ElementCount
            : 0;
        long head = file.TryGetTensor(TensorNames.Output, out found) ? found.Shape.ElementCount : 0;
        section.Add("total", "total (unique)", total);
        if (ofExperts > 0 && UsedShare(file.Metadata) is { } share)
        {
            section.Add("active", "active per token", total - ofExperts + (long)Math.Round(ofExperts * share));
        }

        section.Add("embedding", "embedding", embedding);
        section.Add("head", head == 0 ? "head (tied)" : "head", head);
        section.Add("other", "all others", total - embedding - head);
        return section;
    }

    /// <summary>Share of the experts that a token goes through; null where the file does not say.</summary>
    private static double? UsedShare(GgufMetadata metadata)
    {
        string architecture = metadata.GetString(MetadataKeys.Architecture, "");
        try
        {
            int count = metadata.GetInt32($"{architecture}.{ExpertKeys.Count}", 0);
            int used = metadata.GetInt32($"{architecture}.{ExpertKeys.UsedCount}", 0);
            return count > 0 && used > 0 && used <= count ? (double)used / count : null;
        }
        catch (ModelFileException)
        {
            return null;
        }
    }

    private static FactSection Tokenizer(GgufMetadata metadata)
    {
        FactSection section = new("tokenizer");
        if (!metadata.Contains(MetadataKeys.TokenizerTokens))
        {
            section.Add("kind", "kind", "none");
            return section;
        }

        section.AddValue("kind", "kind", metadata, MetadataKeys.TokenizerModel);
        section.AddValue("pre", "pre-tokenizer", metadata, MetadataKeys.TokenizerPre);
        metadata.TryGetValue(MetadataKeys.TokenizerTokens, out GgufValue? tokens);
        section.Add("vocab_size", "vocabulary", tokens!.Count);
        if (metadata.TryGetValue(MetadataKeys.TokenizerMerges, out GgufValue? merges))
        {
            section.Add("merge_count", "merges", merges.Count);
        }

        section.AddValue("bos_id", "begin token", metadata, MetadataKeys.TokenizerBos);
        section.AddValue("eos_id", "end token", metadata, MetadataKeys.TokenizerEos);
        section.AddValue("eot_id", "end-of-turn token", metadata, MetadataKeys.TokenizerEot);
        section.AddValue("eos_ids", "all end tokens", metadata, MetadataKeys.EosIds);
        section.AddValue("unknown_id", "unknown token", metadata, MetadataKeys.TokenizerUnknown);
        section.AddValue("padding_id", "padding token", metadata, MetadataKeys.TokenizerPadding);
        section.AddValue("add_bos", "adds begin token", metadata, MetadataKeys.TokenizerAddBos);
        section.AddValue("add_eos", "adds end token", metadata, MetadataKeys.TokenizerAddEos);
        metadata.TryGetValue(MetadataKeys.ChatTemplate, out GgufValue? template);
        section.Add("chat_template", "chat template", TemplateKind(template?.ToString() ?? ""));
        return section;
    }

    /// <summary>The public formats are told apart by the token that opens a turn.</summary>
    private static string TemplateKind(string template) => template switch
    {
        "" => "none",
        _ when template.Contains("<|im_start|>", StringComparison.Ordinal) => "ChatML",
        _ when template.Contains("<|start_header_id|>", StringComparison.Ordinal) => "Llama 3",
        _ when template.Contains("<start_of_turn>", StringComparison.Ordinal) => "Gemma",
        _ when template.Contains("[INST]", StringComparison.Ordinal) => "Llama 2 or Mistral",
        _ when template.Contains("<|user|>", StringComparison.Ordinal) => "Zephyr or Phi",
        _ => "other",
    };

    private static bool Flag(GgufMetadata metadata, string key) =>
        metadata.TryGetValue(key, out GgufValue? value) && value.TryGetBoolean(out bool flag) && flag;

    private static void AddAll(
        FactSection section, GgufMetadata metadata, string architecture,
        params ReadOnlySpan<(string Key, string Label, string Suffix)> entries)
    {
        foreach ((string key, string label, string suffix) in entries)
        {
            section.AddValue(key, label, metadata, $"{architecture}.{suffix}");
        }
    }
}
