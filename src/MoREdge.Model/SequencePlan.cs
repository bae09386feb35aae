using MoREdge.Model.Speculation;
using MoREdge.Tensors;

namespace MoREdge.Model;

/// <summary>The options of a sequence with every default filled in and checked against the model.</summary>
internal sealed record SequencePlan(
    int ContextLength,
    KvFormat KvFormat,
    KvPolicy KvPolicy,
    RoutingMode Routing,
    int DepthMax,
    bool HybridPositionZero)
{
    /// <summary>Rows of a forward pass where the routing does not need the whole prompt at once.</summary>
    private const int CausalChunkRows = 256;

    /// <summary>
    /// Longer contexts would need rotary tables beyond the length of an array (cosines and sines: 4 GiB).
    /// </summary>
    private const int RotaryFloatsMax = 1 << 30;

    /// <summary>
    /// Most rows of one flight: a top-k prompt is one flight, because its tokens compete with each other.
    /// </summary>
    public int ChunkRowsMax =>
        IsRanked ? ContextLength : Math.Min(Batch?.PromptRowsMax ?? CausalChunkRows, ContextLength);

    /// <summary>The limits of a batch that the options are for; null for a sequence by itself.</summary>
    public BatchOptions? Batch { get; init; }

    /// <summary>Seed of the state that a loop with an adapter begins with; null for zero.</summary>
    public ulong? StateSeed { get; init; }

    /// <summary>Whether tokens are drafted.</summary>
    public SpeculationMode Speculation { get; init; }

    /// <summary>Whether layers with a window keep all tokens, too; tests compare with that.</summary>
    public bool KeepsAllTokens { get; init; }

    /// <summary>Most rows under way at once.</summary>
    public int RowsMax(ModelConfig config)
    {
        bool drafts = Speculation != SpeculationMode.Off;
        return Batch is { } batch
            ? batch.RowsMax(config) + (drafts ? BatchSpeculation.RowsFor(batch, config) : 0)
            : Math.Max(ChunkRowsMax, drafts ? TokenPipeline.RowsFor(config) : 0);
    }

    /// <summary>Whether a head of the model's own drafts the tokens behind drafts.</summary>
    public bool HasDraftHead(ModelConfig config) =>
        Speculation != SpeculationMode.Off && config.Recursion is { DraftSize: > 0 };

    /// <summary>All that can be drafted.</summary>
    public DraftLevel DraftLevelMax(ModelConfig config) => HasDraftHead(config) ? DraftLevel.Second
        : Speculation == SpeculationMode.Off ? DraftLevel.None
        : DraftLevel.First;

    /// <summary>Most texts whose tokens are drafted.</summary>
    public int DraftingTextsMax =>
        Speculation == SpeculationMode.Off ? 0 : BatchSpeculation.DraftingTextsMax(Batch);

    /// <summary>Rows of logits there is room for.</summary>
    public int LogitRows(ModelConfig config) => Batch is not null ? BatchSpeculation.FlightsMax(this, config)
        : Speculation == SpeculationMode.Off ? Workspace.LogitRows
        : Math.Max(Workspace.LogitRows, TokenPipeline.FlightsMax(config));

    /// <summary>Rows that a hybrid cache replaces for a while; 0 when the policy is another one.</summary>
    public int OverlayRowsMax => KvPolicy == KvPolicy.SharedHybrid ? ChunkRowsMax : 0;

    /// <summary>Positions whose angles are kept: none with retention, which has no longest text.</summary>
    public int RotaryLength(ModelConfig config) => config.Retention is null ? ContextLength : 0;

    /// <summary>The stored form of one head's keys and values.</summary>
    public KvLayout KvLayout(ModelConfig config) => KvLayout(config, ContextLength);

    /// <summary>The same for a text of at most <paramref name="tokensMax"/> tokens.</summary>
    public KvLayout KvLayout(ModelConfig config, int tokensMax) => new(KvFormat, tokensMax, config.HeadDim);

    /// <summary>Whether the tokens of a prompt compete for their depths.</summary>
    public bool IsRanked => Routing is RoutingMode.TopK or RoutingMode.TopKThreshold;

    /// <summary>Fills in what <paramref name="options"/> leaves open.</summary>
    /// <param name="config">The model.</param>
    /// <param name="isFloat32">Whether its projections are float32.</param>
    /// <param name="options">What was asked for.</param>
    /// <exception cref="ArgumentException">An option does not fit the model.</exception>
    public static SequencePlan Resolve(ModelConfig config, bool isFloat32, SequenceOptions options)
    {
        RecursionConfig? recursion = config.Recursion;
        RoutingMode natural = recursion?.DepthRule is DepthRule.ExpertChoice or DepthRule.ExitGate
            ? recursion!.DefaultRouting
            : config.Skips?.Decode is SkipRule.Always or SkipRule.Unrouted
                || config.Skips?.Score == SkipScore.SoftmaxOfChosen ? RoutingMode.TopK
            : RoutingMode.Threshold;
        SequencePlan plan = new(
            options.ContextLength ?? config.ContextLength,
            options.KvFormat ?? (isFloat32 ? KvFormat.F32 : KvFormat.F16),
            options.KvPolicy ?? recursion?.TrainedKvPolicy ?? KvPolicy.RecursionWise,
            options.Routing ?? natural,
            options.DepthMax ?? config.RecursionCount,
            options.HybridPositionZero)
        {
            StateSeed = options.StateSeed,
            KeepsAllTokens = options.KeepsAllTokens,
        };
        plan = plan with { Speculation = Resolve(options.Speculation, plan, config) };
        Check(plan, options, recursion, config);
        return plan;
    }

    /// <summary>The same options for the texts of a batch.</summary>
    /// <exception cref="ArgumentException">A limit is out of range, or an option is not for batches.</exception>
    public SequencePlan ForBatch(BatchOptions batch)
    {
        batch.Validate();
        Require(
            !IsRanked,
            "Top-k routing compares the tokens of a whole prompt, so it cannot run in a batch; choose threshold or "
            + "full.");
        Require(
            KvPolicy is not (KvPolicy.SharedHybrid or KvPolicy.SharedLatest),
            "What a hybrid cache, or one of the latest keys, gives depends on how a text is cut, so it cannot run in a "
            + "batch; choose recursion or shared.");
        return this with { Batch = batch };
    }

    /// <summary>Checks a depth cap against the model.</summary>
    /// <exception cref="ArgumentException">The model has no recursion, or not so many.</exception>
    public static void CheckDepth(int depthMax, ModelConfig config)
    {
        Require(config.Recursion is not null, "The model has no recursion, so its depth cannot be capped.");
        Require(
            depthMax >= 1 && depthMax <= config.RecursionCount,
            $"The depth cap must lie between 1 and the model's {config.RecursionCount} recursions.");
    }

    /// <summary>Checks that a router decides how deep a decoded token goes, and that the bias is a number.</summary>
    /// <exception cref="ArgumentException">It does not, or it is not.</exception>
    public void CheckDepthBias(float bias, ModelConfig config)
    {
        bool isRouted = config.Recursion?.DepthRule is DepthRule.ExpertChoice or DepthRule.TokenChoice;
        Require(isRouted, "No router decides about the depth of this model's tokens, so it cannot be budgeted.");
        string instead = config.Recursion?.DepthRule == DepthRule.TokenChoice
            ? "leave it to the routers"
            : "choose threshold";
        Require(
            Routing is RoutingMode.Threshold or RoutingMode.TopKThreshold,
            $"In this routing mode no threshold decides about depth, so it cannot be budgeted; {instead}.");

        // A token-choice router takes the bias once per recursion behind the first: 0 times infinity is no number.
        Require(float.IsFinite(bias), "The depth bias must be a finite number.");
    }

    /// <summary>Automatic speculation gives way where there is nothing to draft from.</summary>
    private static SpeculationMode Resolve(SpeculationMode mode, SequencePlan plan, ModelConfig config)
    {
        bool canDraft = config.RecursionCount > 1 && plan.KvPolicy != KvPolicy.SharedHybrid
            && config.Recursion?.KeepsLatestKeys != true;
        Require(Enum.IsDefined(mode), "Speculation is Off, On or Auto.");
        Require(
            mode != SpeculationMode.On || config.RecursionCount > 1,
            "The model has no recursion to draft tokens from, so it cannot speculate.");
        Require(
            mode != SpeculationMode.On || canDraft,
            "A hybrid cache and looped models cannot speculate: stored rows are replaced or copied pass by pass.");
        return canDraft ? mode : SpeculationMode.Off;
    }

    private static void Check(
        SequencePlan plan, SequenceOptions options, RecursionConfig? recursion, ModelConfig config)
    {
        Require(plan.ContextLength >= 1, "The context must hold at least one token.");
        Require(
            (long)plan.ContextLength * config.HeadDim <= RotaryFloatsMax,
            $"A context of {plan.ContextLength} tokens is too long; the limit is {RotaryFloatsMax / config.HeadDim}.");
        Require(Enum.IsDefined(plan.KvFormat), "Keys and values are stored as F32, F16 or Q8.");
        Require(Enum.IsDefined(plan.KvPolicy), "There is no such KV policy.");
        Require(Enum.IsDefined(plan.Routing), "There is no such routing mode.");
        Require(
            recursion is not null || options.KvPolicy is null,
            "The model has no recursion, so it has no KV policy to choose.");
        Require(
            config.Retention is null || options.KvFormat is null,
            "The model keeps a state and no keys and values, so there is no form of them to choose.");
        if (options.DepthMax is { } depthMax)
        {
            CheckDepth(depthMax, config);
        }

        CheckRouting(options.Routing, recursion, config);
        Require(
            config.Skips?.Score != SkipScore.SoftmaxOfChosen || plan.IsRanked,
            "The router of this model weighs the tokens of a prompt against each other, so it runs with top-k routing "
            + "only.");
        Require(
            plan.KvPolicy is not KvPolicy.SharedLatest || recursion?.KeepsLatestKeys == true,
            "Keeping the latest keys only is for looped models.");
        Require(
            plan.KvPolicy is not (KvPolicy.SharedFromFirst or KvPolicy.SharedLatest)
                || recursion?.HasExits != true || plan.Routing == RoutingMode.Full,
            "A token that leaves the loop needs keys in every recursion; choose the KV policy recursion.");
        Require(
            options.StateSeed is null || recursion?.HasAdapter == true,
            "The model's loop has no state to draw from a seed.");
        Require(
            plan.KvPolicy != KvPolicy.SharedHybrid || recursion?.DepthRule == DepthRule.ExpertChoice,
            "The hybrid cache exists for expert-choice models only.");
        Require(
            !options.HybridPositionZero || plan.KvPolicy == KvPolicy.SharedHybrid,
            "Replacing position 0 is a mode of the hybrid cache only.");
    }

    /// <summary>Checks that the model knows the mode asked for, and says which ones it knows.</summary>
    private static void CheckRouting(RoutingMode? mode, RecursionConfig? recursion, ModelConfig config)
    {
        (bool isKnown, string sentence) = recursion?.DepthRule switch
        {
            _ when mode is null => (true, ""),
            DepthRule.ExpertChoice => (true, ""),
            DepthRule.TokenChoice => (
                mode == RoutingMode.Full,
                "Beside the choice of its routers this model knows the routing mode full only."),
            DepthRule.ExitGate => (
                mode is RoutingMode.Full or RoutingMode.Threshold,
                "The tokens of this model leave by an exit gate, so its routing modes are full and threshold."),
            _ when config.Skips is not null => (
                mode != RoutingMode.TopKThreshold,
                "Tokens skip layers of this model, so its routing modes are threshold, topk and full."),
            _ => (false, "Every token runs all of this model, so it has no routing mode to choose."),
        };
        Require(isKnown, sentence);
    }

    private static void Require(bool condition, string sentence)
    {
        if (!condition)
        {
            throw new ArgumentException(sentence);
        }
    }
}
