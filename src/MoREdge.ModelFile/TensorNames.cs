using System.Globalization;

namespace MoREdge.ModelFile;

/// <summary>
/// The catalogue of weight names in a model file. Blocks are physical: a shared block is stored once. Names follow GGUF
/// where GGUF has one; what only recursive models have is ours (FORMAT.md).
/// </summary>
public static class TensorNames
{
    private const string BlockPrefix = "blk.";

    private const string RecursionPrefix = "recursion.";

    /// <summary>Token embedding (vocab, model).</summary>
    public const string TokenEmbedding = "token_embd.weight";

    /// <summary>Norm of the embedding (model), where the network begins with one.</summary>
    public const string EmbeddingNorm = "token_embd_norm.weight";

    /// <summary>Final RMS norm (model).</summary>
    public const string OutputNorm = "output_norm.weight";

    /// <summary>Language-model head (vocab, model); absent when tied to the embedding.</summary>
    public const string Output = "output.weight";

    /// <summary>Frequency factors of scaled RoPE (rotated dimensions / 2); optional.</summary>
    public const string RopeFrequencies = "rope_freqs.weight";

    /// <summary>Frequency factors of a text longer than the original context (rotated dimensions / 2).</summary>
    public const string RopeFactorsLong = "rope_factors_long.weight";

    /// <summary>Frequency factors of a shorter one.</summary>
    public const string RopeFactorsShort = "rope_factors_short.weight";

    /// <summary>Ends the names of angles that old writers stored and the configuration says as well.</summary>
    public const string StoredAngles = ".attn_rot_embd.weight";

    /// <summary>Norm before attention (model).</summary>
    public const string AttentionNorm = "attn_norm.weight";

    /// <summary>Query projection (heads·head, model).</summary>
    public const string AttentionQuery = "attn_q.weight";

    /// <summary>Key projection (kvHeads·head, model).</summary>
    public const string AttentionKey = "attn_k.weight";

    /// <summary>Value projection (kvHeads·head, model).</summary>
    public const string AttentionValue = "attn_v.weight";

    /// <summary>Output projection (model, heads·head).</summary>
    public const string AttentionOutput = "attn_output.weight";

    /// <summary>Gate of the read-outs of retention (heads·value, model); ours.</summary>
    public const string RetentionGate = "attn_gate.weight";

    /// <summary>Norm of each head's read-out, shared by the heads (value); ours.</summary>
    public const string RetentionNorm = "attn_group_norm.weight";

    /// <summary>Query bias (heads·head).</summary>
    public const string AttentionQueryBias = "attn_q.bias";

    /// <summary>Key bias (kvHeads·head).</summary>
    public const string AttentionKeyBias = "attn_k.bias";

    /// <summary>Value bias (kvHeads·head).</summary>
    public const string AttentionValueBias = "attn_v.bias";

    /// <summary>Output projection bias (model).</summary>
    public const string AttentionOutputBias = "attn_output.bias";

    /// <summary>
    /// Queries, keys and values in one projection ((heads + 2·kvHeads)·head, model), in other people's files.
    /// </summary>
    public const string AttentionFused = "attn_qkv.weight";

    /// <summary>Norm of the queries (head), or of all heads at once (heads·head).</summary>
    public const string QueryNorm = "attn_q_norm.weight";

    /// <summary>Norm of the keys (head), or of all heads at once (kvHeads·head).</summary>
    public const string KeyNorm = "attn_k_norm.weight";

    /// <summary>Norm of what attention adds to the residual stream (model).</summary>
    public const string PostAttentionNorm = "post_attention_norm.weight";

    /// <summary>Norm of what the feed-forward network adds to the residual stream (model).</summary>
    public const string PostFfnNorm = "post_ffw_norm.weight";

    /// <summary>Norm before the feed-forward network (model).</summary>
    public const string FfnNorm = "ffn_norm.weight";

    /// <summary>Gate projection (ffn, model).</summary>
    public const string FfnGate = "ffn_gate.weight";

    /// <summary>Up projection (ffn, model).</summary>
    public const string FfnUp = "ffn_up.weight";

    /// <summary>Down projection (model, ffn).</summary>
    public const string FfnDown = "ffn_down.weight";

    /// <summary>Gate bias (ffn).</summary>
    public const string FfnGateBias = "ffn_gate.bias";

    /// <summary>Up bias (ffn).</summary>
    public const string FfnUpBias = "ffn_up.bias";

    /// <summary>Down bias (model).</summary>
    public const string FfnDownBias = "ffn_down.bias";

    /// <summary>
    /// The router of a mixture of experts (choices, model): the experts, behind them what stands for none.
    /// </summary>
    public const string ExpertGate = "ffn_gate_inp.weight";

    /// <summary>Its bias (choices).</summary>
    public const string ExpertGateBias = "ffn_gate_inp.bias";

    /// <summary>What is added to the scores for the choice alone (choices).</summary>
    public const string ExpertChoiceBias = "exp_probs_b.bias";

    /// <summary>Gate projections of all experts (experts, ffn, model), in other people's files.</summary>
    public const string ExpertsGate = "ffn_gate_exps.weight";

    /// <summary>Up projections of all experts (experts, ffn, model), in other people's files.</summary>
    public const string ExpertsUp = "ffn_up_exps.weight";

    /// <summary>Gate and up projections of all experts (experts, 2·ffn, model), in other people's files.</summary>
    public const string ExpertsGateUp = "ffn_gate_up_exps.weight";

    /// <summary>Down projections of all experts (experts, model, ffn), in other people's files.</summary>
    public const string ExpertsDown = "ffn_down_exps.weight";

    /// <summary>Gate projection of the feed-forward network that every token goes through (ffn, model).</summary>
    public const string SharedGate = "ffn_gate_shexp.weight";

    /// <summary>Its up projection (ffn, model).</summary>
    public const string SharedUp = "ffn_up_shexp.weight";

    /// <summary>Its down projection (model, ffn).</summary>
    public const string SharedDown = "ffn_down_shexp.weight";

    /// <summary>A row whose product with the input decides how much of it counts (model) or (1, model).</summary>
    public const string SharedSwitch = "ffn_gate_inp_shexp.weight";

    /// <summary>Linear router: expert-choice (1, model) per recursion, token-choice (recursions, model).</summary>
    public const string RouterLinear = "weight";

    /// <summary>First layer of an MLP router (2·model, model).</summary>
    public const string RouterHidden = "hidden.weight";

    /// <summary>Second layer of an MLP router (outputs, 2·model).</summary>
    public const string RouterOutput = "output.weight";

    /// <summary>
    /// Loss-free balancing bias of a token-choice router (recursions): moves the choice, not the weight.
    /// </summary>
    public const string TokenRouterBias = "router.balance.bias";

    /// <summary>The router before a layer that tokens can skip (1, model).</summary>
    public const string SkipRouter = "skip_router.weight";

    /// <summary>Its bias (1).</summary>
    public const string SkipRouterBias = "skip_router.bias";

    /// <summary>What foretells its choice: one layer (1, model), or the second of two (1, hidden).</summary>
    public const string SkipPredictor = "skip_router.predictor.weight";

    /// <summary>The first of two, a SiLU behind it (hidden, model).</summary>
    public const string SkipPredictorHidden = "skip_router.predictor.hidden.weight";

    /// <summary>What a loop begins with: (model, 2·model), of [state; input].</summary>
    public const string LoopAdapter = "loop.adapter.weight";

    /// <summary>Draft head: norm of the residual row behind the suffix layers (model).</summary>
    public const string DraftHiddenNorm = "draft_head.hidden_norm.weight";

    /// <summary>Draft head: norm of the embedding of the token behind it (model).</summary>
    public const string DraftEmbeddingNorm = "draft_head.embedding_norm.weight";

    /// <summary>Draft head: (draft, 2·model), of [normed row; normed embedding].</summary>
    public const string DraftUp = "draft_head.up.weight";

    /// <summary>Draft head: (model, draft), what joins the row.</summary>
    public const string DraftDown = "draft_head.down.weight";

    /// <summary>The row whose product with a loop's normed output is the logit to leave (1, model).</summary>
    public const string ExitGate = "loop.exit_gate.weight";

    /// <summary>What is added to it (1).</summary>
    public const string ExitGateBias = "loop.exit_gate.bias";

    /// <summary>
    /// Tensor <paramref name="name"/> of physical block <paramref name="block"/>, shared by all recursions.
    /// </summary>
    public static string Block(int block, string name) => $"{BlockPrefix}{block}.{name}";

    /// <summary>The same, where a recursion (0-based) has weights of its own, such as untied attention.</summary>
    public static string BlockRecursion(int block, int recursion, string name) =>
        Block(block, $"{RecursionPrefix}{recursion}.{name}");

    /// <summary>Takes apart what <see cref="Block"/> and <see cref="BlockRecursion"/> put together.</summary>
    /// <param name="tensor">The name of a tensor.</param>
    /// <param name="block">Its physical block.</param>
    /// <param name="recursion">The recursion that has it for itself; null where all share it.</param>
    /// <param name="name">Its name without the block.</param>
    /// <returns>Whether it belongs to a block.</returns>
    public static bool TryParseBlock(string tensor, out int block, out int? recursion, out string name)
    {
        recursion = null;
        if (!TryParseNumber(tensor, BlockPrefix, out block, out name))
        {
            return false;
        }

        if (TryParseNumber(name, RecursionPrefix, out int index, out string own))
        {
            recursion = index;
            name = own;
        }

        return true;
    }

    /// <summary>
    /// Gate, up or down projection of an expert (0-based): <see cref="FfnGate"/> becomes "ffn_gate.3.weight".
    /// </summary>
    public static string Expert(string name, int expert) =>
        name.Insert(name.LastIndexOf('.'), $".{expert}");

    /// <summary>Whether a tensor stacks the matrices of all experts.</summary>
    public static bool IsStackOfExperts(string name) => name.EndsWith("_exps.weight", StringComparison.Ordinal);

    /// <summary>Whether a tensor belongs to one of several experts or is a stack of theirs.</summary>
    public static bool IsOfExperts(string name)
    {
        if (IsStackOfExperts(name))
        {
            return true;
        }

        // "blk.0.ffn_gate.3.weight": a number between the matrix and "weight".
        string[] parts = name.Split('.');
        return parts.Length > 3 && parts[^3].StartsWith("ffn_", StringComparison.Ordinal)
            && int.TryParse(parts[^2], out _);
    }

    /// <summary>
    /// Whether a tensor of a block, named without the block, is of its feed-forward network, experts and norms
    /// included.
    /// </summary>
    public static bool IsOfFeedForward(string name) =>
        name.StartsWith("ffn_", StringComparison.Ordinal) || name is PostFfnNorm or ExpertChoiceBias;

    /// <summary>Whether a tensor of a block, named without the block, serves keys and values alone.</summary>
    public static bool IsOfKeys(string name) =>
        name is AttentionKey or AttentionKeyBias or AttentionValue or AttentionValueBias or KeyNorm;

    /// <summary>Whether a tensor of a block, named without the block, decides who skips the block.</summary>
    public static bool IsOfSkipRouter(string name) => name.StartsWith("skip_router.", StringComparison.Ordinal);

    /// <summary>Part of the expert-choice router of a recursion (0-based).</summary>
    public static string ExpertRouter(int recursion, string part) => $"{RecursionPrefix}{recursion}.router.{part}";

    /// <summary>Part of the token-choice router.</summary>
    public static string TokenRouter(string part) => $"router.{part}";

    /// <summary>Takes a prefix, a number and a dot from the beginning of a name.</summary>
    private static bool TryParseNumber(string name, string prefix, out int number, out string rest)
    {
        int start = prefix.Length;
        int dot = name.StartsWith(prefix, StringComparison.Ordinal) ? name.IndexOf('.', start) : -1;
        rest = dot < 0 ? "" : name[(dot + 1)..];
        number = 0;
        return dot >= 0
            && int.TryParse(name.AsSpan(start..dot), NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
