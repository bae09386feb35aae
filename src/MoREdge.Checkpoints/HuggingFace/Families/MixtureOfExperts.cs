using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace.Families;

/// <summary>
/// Llama with experts whose gate an object "moe" describes, option by option: the class of tools/training, which has
/// every gate that other families have.
/// </summary>
internal sealed class MixtureOfExperts : DecoderFamily
{
    /// <summary>The one class.</summary>
    public const string ClassName = "MixtureOfExpertsForCausalLM";

    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames { get; } = [ClassName];

    /// <inheritdoc/>
    public override string ModelType => "mixture_of_experts";

    /// <inheritdoc/>
    public override string Architecture => Architectures.Llama;

    /// <inheritdoc/>
    public override string DisplayName => "Mixture of experts";

    /// <summary>That of tools/training, whose class it is.</summary>
    protected override double RmsNormEpsilonDefault => 1e-5;

    /// <inheritdoc/>
    protected override void ReadOwn(ConfigObject json, DecoderConfig config) => config.Experts = ReadExperts(json);

    /// <summary>Reads the object "moe".</summary>
    /// <exception cref="CheckpointException">MissingKey, InvalidValue or UnsupportedOption.</exception>
    public static ExpertSettings ReadExperts(ConfigObject json)
    {
        ConfigObject moe = json.GetObject("moe") ?? throw json.Invalid("moe", "is missing");
        int groups = moe.GetInt32("groups", 1, DecoderConfig.LayerCountMax, 1);
        ExpertSettings experts = new()
        {
            Count = moe.GetInt32("experts", 1, DecoderConfig.LayerCountMax),
            UsedCount = moe.GetInt32("used", 1, DecoderConfig.LayerCountMax),
            FfnDim = moe.GetInt32("hidden", 1, ModelFileLimits.ModelDimensionMax),
            SharedFfnDim = moe.GetInt32("shared", 0, ModelFileLimits.ModelDimensionMax, 0),
            Gate = (moe.GetString("score") ?? "softmax") switch
            {
                "softmax" => ExpertKeys.Softmax,
                "sigmoid" => ExpertKeys.Sigmoid,
                "softmax_chosen" => ExpertKeys.SoftmaxOfChosen,
                _ => throw moe.Invalid("score", "is not softmax, sigmoid or softmax_chosen"),
            },
            NormalizesWeights = moe.GetBoolean("renormalise", fallback: false),
            SumEpsilon = moe.GetDouble("epsilon", 0),
            WeightScale = moe.GetDouble("scale", 1),
            GroupCount = groups,
            GroupUsedCount = moe.GetInt32("groups_used", 1, groups, groups),
            IdleCount = moe.GetInt32("idle", 0, DecoderConfig.LayerCountMax, 0),
            IsClamped = (moe.GetString("activation") ?? "silu") switch
            {
                "silu" => false,
                "clamped" => true,
                _ => throw moe.Invalid("activation", "is not silu or clamped"),
            },
        };
        moe.RefuseUnread(new HashSet<string> { "router_bias", "selection_bias" });
        return experts;
    }

    /// <inheritdoc/>
    protected override void AddFeedForward(LayerTensors tensors, DecoderConfig config, int layer) =>
        AddExperts(tensors, config);

    /// <summary>Adds router and experts.</summary>
    public static void AddExperts(LayerTensors tensors, DecoderConfig config)
    {
        tensors.AddIfPresent("mlp.gate.bias", TensorNames.ExpertGateBias, config.Experts!.ChoiceCount);
        tensors.AddIfPresent(
            "mlp.gate.e_score_correction_bias", TensorNames.ExpertChoiceBias, config.Experts.ChoiceCount);
        tensors.AddExperts("mlp.", "gate.weight", ExpertNames.Projections);
        if (config.Experts.SharedFfnDim > 0)
        {
            tensors.AddShared("mlp.shared_experts.");
        }
    }
}
