namespace MoREdge.ModelFile;

/// <summary>
/// The catalogue of weight names in a model file. Blocks are physical: a shared block is stored once. Names follow GGUF
/// where GGUF has one; what only recursive models have is ours (FORMAT.md).
/// </summary>
public static class TensorNames
{
    /// <summary>Token embedding (vocab, model).</summary>
    public const string TokenEmbedding = "token_embd.weight";

    /// <summary>Final RMS norm (model).</summary>
    public const string OutputNorm = "output_norm.weight";

    /// <summary>Language-model head (vocab, model); absent when tied to the embedding.</summary>
    public const string Output = "output.weight";

    /// <summary>Frequency factors of scaled RoPE (head / 2); optional.</summary>
    public const string RopeFrequencies = "rope_freqs.weight";

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

    /// <summary>Query bias (heads·head).</summary>
    public const string AttentionQueryBias = "attn_q.bias";

    /// <summary>Key bias (kvHeads·head).</summary>
    public const string AttentionKeyBias = "attn_k.bias";

    /// <summary>Value bias (kvHeads·head).</summary>
    public const string AttentionValueBias = "attn_v.bias";

    /// <summary>Output projection bias (model).</summary>
    public const string AttentionOutputBias = "attn_output.bias";

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

    /// <summary>
    /// Tensor <paramref name="name"/> of physical block <paramref name="block"/>, shared by all recursions.
    /// </summary>
    public static string Block(int block, string name) => $"blk.{block}.{name}";

    /// <summary>The same, where a recursion (0-based) has weights of its own, such as untied attention.</summary>
    public static string BlockRecursion(int block, int recursion, string name) =>
        $"blk.{block}.recursion.{recursion}.{name}";

    /// <summary>Part of the expert-choice router of a recursion (0-based).</summary>
    public static string ExpertRouter(int recursion, string part) => $"recursion.{recursion}.router.{part}";

    /// <summary>Part of the token-choice router.</summary>
    public static string TokenRouter(string part) => $"router.{part}";
}
