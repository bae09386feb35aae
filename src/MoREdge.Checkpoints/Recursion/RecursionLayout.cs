using MoREdge.Checkpoints.HuggingFace;
using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.Recursion;

/// <summary>
/// Which source layers make up each physical block. The variant is found in the tensor names, because config.json of
/// the authors' checkpoints knows nothing of recursion (spec section 5.1).
/// </summary>
internal sealed class RecursionLayout
{
    private const string LayersPrefix = "model.layers.";

    private RecursionLayout(RecursionType type, SharingKind? sharing, int recursionCount, int baseDepth)
    {
        Type = type;
        Sharing = sharing;
        RecursionCount = recursionCount;
        BaseDepth = baseDepth;
    }

    /// <summary>How the names say tokens are routed.</summary>
    public RecursionType Type { get; }

    /// <summary>The strategy, or null for a model without recursion.</summary>
    public SharingKind? Sharing { get; }

    /// <summary>Recursions N, 1 without recursion.</summary>
    public int RecursionCount { get; }

    /// <summary>Layers B of the shared block; all layers without recursion.</summary>
    public int BaseDepth { get; }

    /// <summary>Unrolled layers.</summary>
    public int UnrolledCount => (BaseDepth * RecursionCount) + (Sharing?.HasOwnEnds() == true ? 2 : 0);

    /// <summary>Physical blocks in order: the source prefixes of each, one per recursion for a shared block.</summary>
    public List<string[]> Blocks { get; } = [];

    /// <summary>Source prefixes of what holds the routers: one per recursion (expert), one (token), or none.</summary>
    public List<string> RouterPrefixes { get; } = [];

    /// <summary>Finds the layout in the names, for plain layers with the help of <paramref name="config"/>.</summary>
    /// <exception cref="CheckpointException">
    /// RecursionMismatch, MissingRecursionConfig, MissingTensor or UnsupportedOption.
    /// </exception>
    public static RecursionLayout Detect(IReadOnlyCollection<string> names, RecursionConfig? config)
    {
        LayerNameSurvey survey = LayerNameSurvey.Of(names);
        RecursionLayout layout = survey.TokenBlocks > 0 ? Token(survey)
            : survey.ExpertLayers.Count > 0 ? Expert(survey)
            : Plain(survey, config);
        layout.CheckAgainst(config);
        return layout;
    }

    /// <summary>Layers one after the other, whose tensors begin with these prefixes.</summary>
    public static RecursionLayout Flat(IReadOnlyList<string> prefixes)
    {
        RecursionLayout layout = new(RecursionType.None, null, 1, prefixes.Count);
        foreach (string prefix in prefixes)
        {
            layout.Blocks.Add([prefix]);
        }

        return layout;
    }

    private static RecursionLayout Expert(LayerNameSurvey survey)
    {
        CheckCounts(survey.ExpertLayers.Count, survey.ExpertBlocks);
        int first = survey.ExpertLayers.Min;
        int count = survey.ExpertLayers.Count;
        bool hasOwnEnds = first == 1 && survey.PlainLayers.SetEquals([0, count + 1]);
        bool isContiguous = survey.ExpertLayers.Max == first + count - 1;
        if (!isContiguous || !(hasOwnEnds || (first == 0 && survey.PlainLayers.Count == 0)))
        {
            throw Mismatch("The names of the recursive layers form neither a cycle nor a middle_cycle model");
        }

        SharingKind sharing = hasOwnEnds ? SharingKind.MiddleCycle : SharingKind.Cycle;
        RecursionLayout layout = new(RecursionType.Expert, sharing, count, survey.ExpertBlocks);
        for (int recursion = 0; recursion < count; recursion++)
        {
            layout.RouterPrefixes.Add($"{LayersPrefix}{first + recursion}.");
        }

        layout.AddBlocks(count + 1, (recursion, layer) => $"{LayersPrefix}{first + recursion}.block.{layer}.");
        return layout;
    }

    private static RecursionLayout Token(LayerNameSurvey survey)
    {
        CheckCounts(survey.TokenRecursions, survey.TokenBlocks);
        if (survey.TokenLayers.Count != 1 || survey.ExpertLayers.Count > 0)
        {
            throw Mismatch("The names mix token-choice layers with others");
        }

        if (survey.TokenLayers.Min == 0 && survey.PlainLayers.Count == 0)
        {
            throw new CheckpointException(
                CheckpointError.UnsupportedOption,
                "Token-choice routing works with middle_cycle only, not with cycle.");
        }

        if (survey.TokenLayers.Min != 1 || !survey.PlainLayers.SetEquals([0, 2]))
        {
            throw Mismatch("The names of the token-choice layers do not form a middle_cycle model");
        }

        RecursionLayout layout = new(
            RecursionType.Token, SharingKind.MiddleCycle, survey.TokenRecursions, survey.TokenBlocks);
        layout.RouterPrefixes.Add($"{LayersPrefix}1.");
        layout.AddBlocks(2, (recursion, layer) => $"{LayersPrefix}1.block_list.{recursion}.{layer}.");
        return layout;
    }

    /// <summary>
    /// Two numbers in two names would otherwise make millions of layers, of which none but those two has a tensor.
    /// </summary>
    private static void CheckCounts(int recursions, int layers)
    {
        bool isWithin = recursions <= ModelFileLimits.RecursionCountMax
            && recursions * layers <= DecoderConfig.LayerCountMax;
        if (!isWithin)
        {
            throw Mismatch(
                $"The names speak of {recursions} recursions of {layers} layers; {ModelFileLimits.RecursionCountMax} "
                + $"recursions and {DecoderConfig.LayerCountMax} layers in all are the limits");
        }
    }

    private static RecursionLayout Plain(LayerNameSurvey survey, RecursionConfig? config)
    {
        int count = survey.PlainLayers.Count;
        if (count == 0)
        {
            throw new CheckpointException(
                CheckpointError.MissingTensor, "The checkpoint holds no tensor of any model.layers.N.");
        }

        if (survey.PlainLayers.Max != count - 1)
        {
            throw Mismatch(
                $"Of {survey.PlainLayers.Max + 1} layers, {survey.PlainLayers.Max + 1 - count} have no tensors");
        }

        if (config is null)
        {
            RecursionLayout flat = new(RecursionType.None, null, 1, count);
            flat.AddBlocks(0, (_, layer) => $"{LayersPrefix}{layer}.");
            return flat;
        }

        int ends = config.Sharing.HasOwnEnds() ? 2 : 0;
        int baseDepth = (count - ends) / config.RecursionCount;
        if (baseDepth < 1 || (baseDepth * config.RecursionCount) + ends != count)
        {
            throw Mismatch(
                $"{count} layers cannot be {config.RecursionCount} recursions of a {config.Sharing.Name()} block");
        }

        RecursionLayout layout = new(RecursionType.None, config.Sharing, config.RecursionCount, baseDepth);
        layout.AddBlocks(count - 1, (recursion, layer) =>
        {
            int index = config.Sharing.UnrolledIndex(recursion, layer, config.RecursionCount, baseDepth);
            return $"{LayersPrefix}{index + (ends / 2)}.";
        });
        return layout;
    }

    /// <summary>Prefix layer, shared block, suffix layer; a shared layer has one source prefix per recursion.</summary>
    private void AddBlocks(int suffixIndex, Func<int, int, string> sourcePrefix)
    {
        bool hasOwnEnds = Sharing?.HasOwnEnds() == true;
        if (hasOwnEnds)
        {
            Blocks.Add([$"{LayersPrefix}0."]);
        }

        for (int layer = 0; layer < BaseDepth; layer++)
        {
            string[] prefixes = new string[RecursionCount];
            for (int recursion = 0; recursion < RecursionCount; recursion++)
            {
                prefixes[recursion] = sourcePrefix(recursion, layer);
            }

            Blocks.Add(prefixes);
        }

        if (hasOwnEnds)
        {
            Blocks.Add([$"{LayersPrefix}{suffixIndex}."]);
        }
    }

    private void CheckAgainst(RecursionConfig? config)
    {
        if (config is null)
        {
            if (Type != RecursionType.None)
            {
                throw new CheckpointException(
                    CheckpointError.MissingRecursionConfig,
                    "The names are those of a Mixture-of-Recursions model, but neither a \"mor\" object in "
                    + "config.json nor a "
                    + "Hydra YAML file says how it routes.");
            }

            return;
        }

        if (config.Type != Type || config.Sharing != Sharing)
        {
            throw Mismatch(
                $"The configuration says {config.Type} routing with {config.Sharing.Name()}, the tensor names say "
                + $"{Type} with {Sharing?.Name() ?? "no sharing"}");
        }

        if (config.RecursionCount != RecursionCount || (config.BaseDepth ?? BaseDepth) != BaseDepth)
        {
            throw Mismatch(
                $"The configuration says {config.RecursionCount} recursions of {config.BaseDepth ?? BaseDepth} layers, "
                + $"the tensor names say {RecursionCount} of {BaseDepth}");
        }
    }

    private static CheckpointException Mismatch(string what) => new(CheckpointError.RecursionMismatch, what + ".");
}
