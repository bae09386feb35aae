using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace;

/// <summary>One tensor of a decoder layer: its Hugging Face suffix, its canonical name and its shape.</summary>
internal readonly record struct LayerTensor(
    string Suffix, string Name, long[] Shape, bool IsAttention, int RotaryHeadDim)
{
    /// <summary>Every tensor that a layer of <paramref name="config"/> has, in the order of a model file.</summary>
    /// <param name="config">The network's shape.</param>
    /// <param name="interleaveRotary">True for architecture "llama", whose GGUF files pair neighbouring rows.</param>
    public static List<LayerTensor> Of(LlamaConfig config, bool interleaveRotary)
    {
        long model = config.ModelDim;
        long ffn = config.FfnDim;
        long query = (long)config.HeadCount * config.HeadDim;
        long key = (long)config.KvHeadCount * config.HeadDim;
        int rotary = interleaveRotary ? config.HeadDim : 0;
        List<LayerTensor> tensors =
        [
            new("input_layernorm.weight", TensorNames.AttentionNorm, [model], false, 0),
            new("self_attn.q_proj.weight", TensorNames.AttentionQuery, [query, model], true, rotary),
            new("self_attn.k_proj.weight", TensorNames.AttentionKey, [key, model], true, rotary),
            new("self_attn.v_proj.weight", TensorNames.AttentionValue, [key, model], true, 0),
            new("self_attn.o_proj.weight", TensorNames.AttentionOutput, [model, query], true, 0),
            new("post_attention_layernorm.weight", TensorNames.FfnNorm, [model], false, 0),
            new("mlp.gate_proj.weight", TensorNames.FfnGate, [ffn, model], false, 0),
            new("mlp.up_proj.weight", TensorNames.FfnUp, [ffn, model], false, 0),
            new("mlp.down_proj.weight", TensorNames.FfnDown, [model, ffn], false, 0),
        ];
        if (config.HasAttentionBias)
        {
            tensors.Add(new("self_attn.q_proj.bias", TensorNames.AttentionQueryBias, [query], true, rotary));
            tensors.Add(new("self_attn.k_proj.bias", TensorNames.AttentionKeyBias, [key], true, rotary));
            tensors.Add(new("self_attn.v_proj.bias", TensorNames.AttentionValueBias, [key], true, 0));
        }

        if (config.HasAttentionOutputBias)
        {
            tensors.Add(new("self_attn.o_proj.bias", TensorNames.AttentionOutputBias, [model], true, 0));
        }

        if (config.HasFfnBias)
        {
            tensors.Add(new("mlp.gate_proj.bias", TensorNames.FfnGateBias, [ffn], false, 0));
            tensors.Add(new("mlp.up_proj.bias", TensorNames.FfnUpBias, [ffn], false, 0));
            tensors.Add(new("mlp.down_proj.bias", TensorNames.FfnDownBias, [model], false, 0));
        }

        return tensors;
    }
}
