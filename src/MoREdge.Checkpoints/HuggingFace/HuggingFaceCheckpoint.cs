using System.Text.Json;
using MoREdge.Checkpoints.HuggingFace.Families;
using MoREdge.Checkpoints.Recursion;
using MoREdge.ModelFile;
using MoREdge.Tokenization;

namespace MoREdge.Checkpoints.HuggingFace;

/// <summary>Opens a folder in the layout of the Hugging Face hub, with or without Mixture-of-Recursions.</summary>
internal static class HuggingFaceCheckpoint
{
    /// <summary>
    /// Opens <paramref name="folder"/>, taking weights from <paramref name="file"/> when one is named.
    /// </summary>
    /// <exception cref="CheckpointException">The source is wrong; the error names how.</exception>
    public static Checkpoint Open(string folder, string? file, CheckpointOptions options)
    {
        ConfigObject? hydra = options.MorConfigPath is { } path
            ? new ConfigObject(YamlFile.Load(path), Path.GetFileName(path))
            : null;
        ConfigObject json = ReadConfig(folder, hydra);
        DecoderFamily family = FamilyList.Of(json);
        RecursionConfig? recursion = ReadRecursion(json, hydra, family);
        DecoderConfig config = family.Read(json);
        WeightSet weights = WeightFolder.Open(folder, file);
        bool isComplete = false;
        try
        {
            weights.Rename(family.Translate);
            Checkpoint checkpoint = Build(weights, folder, file, json, family, config, recursion, options);
            isComplete = true;
            return checkpoint;
        }
        finally
        {
            if (!isComplete)
            {
                weights.Dispose();
            }
        }
    }

    private static ConfigObject ReadConfig(string folder, ConfigObject? hydra)
    {
        string path = Path.Combine(folder, "config.json");
        if (!File.Exists(path))
        {
            throw new CheckpointException(
                CheckpointError.MissingConfig,
                $"{folder} holds no config.json, which says what network the weights are for.");
        }

        IReadOnlyDictionary<string, JsonElement>? overrides = hydra is { } run ? HydraConfig.ReadOverrides(run) : null;
        return new ConfigObject(JsonFile.Load(path), "config.json", overrides);
    }

    private static RecursionConfig? ReadRecursion(ConfigObject json, ConfigObject? hydra, DecoderFamily family)
    {
        ConfigObject? mor = json.GetObject("mor");
        if ((mor is not null || hydra is not null) && !family.CanRecur)
        {
            throw new CheckpointException(
                CheckpointError.UnsupportedOption,
                $"{json.Name} uses recursions of the layers of {family.DisplayName}, which this version does not "
                + "compute.");
        }

        return hydra is { } run ? HydraConfig.Read(run) : mor is { } settings ? MorObject.Read(settings) : null;
    }

    private static Checkpoint Build(
        WeightSet weights,
        string folder,
        string? file,
        ConfigObject json,
        DecoderFamily family,
        DecoderConfig config,
        RecursionConfig? recursion,
        CheckpointOptions options)
    {
        List<string> warnings = [];
        RecursionLayout layout = family.LayerPrefixes(config) is { } prefixes
            ? RecursionLayout.Flat(prefixes)
            : RecursionLayout.Detect(weights.Names, recursion);
        CheckLayerCount(config, layout, warnings);
        CheckRotations(config, warnings);
        NetworkBuilder builder = new(weights, family, config, layout, warnings);
        List<CheckpointTensor> tensors = builder.Build(recursion);
        string architecture = recursion is null ? config.Architecture : Architectures.Recursive;
        GgufMetadata metadata = new();
        config.WriteTo(metadata, architecture, layout.Blocks.Count);
        recursion?.WriteTo(metadata, layout.BaseDepth, builder.RouterType, builder.IsAttentionTied);
        SourceNotes.Write(metadata, folder, file, recursion?.SourceName ?? json.GetString("_name_or_path"));
        WriteTokenizer(metadata, folder, config, options, warnings);
        return new Checkpoint(weights, metadata, tensors, warnings, Describe(family, config, layout, builder));
    }

    /// <summary>
    /// config.json may state the layers before thinning (spec section 1.2); any other difference is a wrong file.
    /// </summary>
    private static void CheckLayerCount(DecoderConfig config, RecursionLayout layout, List<string> warnings)
    {
        if (config.LayerCount == layout.UnrolledCount)
        {
            return;
        }

        int ends = layout.Sharing?.HasOwnEnds() == true ? 2 : 0;
        bool isThinned = layout.Sharing is not null
            && (config.LayerCount - ends) / layout.RecursionCount == layout.BaseDepth;
        if (!isThinned)
        {
            throw new CheckpointException(
                CheckpointError.RecursionMismatch,
                $"config.json says {config.LayerCount} layers, the tensors make up {layout.UnrolledCount}.");
        }

        warnings.Add(
            $"config.json says {config.LayerCount} layers; the model was thinned to {layout.UnrolledCount}, a "
            + "multiple of its "
            + $"{layout.RecursionCount} recursions.");
    }

    /// <summary>Some read 1 in no_rope_layers as a layer without rotation, and write lists that mean it so.</summary>
    private static void CheckRotations(DecoderConfig config, List<string> warnings)
    {
        int rotated = Array.FindAll(config.IsRotated ?? [], isRotated => isRotated).Length;
        if (config.IsRotated is not null && 2 * rotated < config.LayerCount)
        {
            warnings.Add(
                $"config.json rotates queries and keys in {rotated} of {config.LayerCount} layers only: in "
                + "no_rope_layers, 1 is a layer that rotates.");
        }
    }

    private static void WriteTokenizer(
        GgufMetadata metadata, string folder, DecoderConfig config, CheckpointOptions options, List<string> warnings)
    {
        List<int> eosIds = [.. config.EosIds];
        string generationPath = Path.Combine(folder, "generation_config.json");
        if (File.Exists(generationPath))
        {
            ConfigObject generation = new(JsonFile.Load(generationPath), "generation_config.json");
            eosIds.AddRange(TokenIds.Read(generation, "eos_token_id"));
            SamplingMetadata.Write(metadata, generation);
        }

        TokenizerDefinition? tokenizer = TokenizerSource.ForFolder(folder, options.TokenizerPath);
        if (tokenizer is null)
        {
            warnings.Add(
                "No tokenizer.json or tokenizer.model was found; without --tokenizer the model file will run on token "
                + "ids only.");
            TokenizerMetadata.WriteEosIds(metadata, eosIds);
            return;
        }

        tokenizer = TokenizerSource.Fit(tokenizer, config.VocabSize, warnings);
        int eosId = tokenizer.EosId >= 0 || config.EosIds.Length == 0 ? tokenizer.EosId : config.EosIds[0];
        int bosId = tokenizer.BosId >= 0 ? tokenizer.BosId : config.BosId;
        RequireTokens([bosId, .. eosIds], tokenizer.Tokens.Count);
        TokenizerMetadata.Write(metadata, tokenizer with { BosId = bosId, EosId = eosId }, [.. eosIds]);
    }

    /// <summary>Nobody could start a text with a model file that names tokens which its tokenizer lacks.</summary>
    private static void RequireTokens(ReadOnlySpan<int> ids, int tokenCount)
    {
        foreach (int id in ids)
        {
            if (id >= tokenCount)
            {
                throw new CheckpointException(
                    CheckpointError.InvalidTokenizer,
                    $"config.json or generation_config.json names the token {id}, but the tokenizer has {tokenCount} "
                    + "tokens.");
            }
        }
    }

    private static string Describe(
        DecoderFamily family, DecoderConfig config, RecursionLayout layout, NetworkBuilder builder)
    {
        if (layout.Sharing is not { } sharing)
        {
            return $"{family.DisplayName}, {layout.Blocks.Count} blocks, width {config.ModelDim}, "
                + $"head tied: {YesNo(builder.IsHeadTied)}";
        }

        string routing = layout.Type switch
        {
            RecursionType.Expert => "MoR expert-choice",
            RecursionType.Token => "MoR token-choice",
            _ => "Recursive",
        };
        return $"{routing} {sharing.Name()} N={layout.RecursionCount} B={layout.BaseDepth}, "
            + $"attention tied: {YesNo(builder.IsAttentionTied)}";
    }

    private static string YesNo(bool value) => value ? "yes" : "no";
}
