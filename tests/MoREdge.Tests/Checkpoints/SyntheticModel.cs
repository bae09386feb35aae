using System.Text.Json.Nodes;

namespace MoREdge.Tests.Checkpoints;

/// <summary>Small random Llama and MoR checkpoints: width 8, 2/1 heads of 4, FFN 12, vocabulary 10.</summary>
internal sealed class SyntheticModel
{
    public const int ModelDim = 8;
    public const int HeadDim = 4;
    public const int FfnDim = 12;
    public const int VocabSize = 10;

    private readonly Random _random = new(7);

    public List<SyntheticTensor> Tensors { get; } = [];

    public static JsonObject Config(int layers, string architecture = "LlamaForCausalLM") => new()
    {
        ["architectures"] = new JsonArray(architecture),
        ["hidden_size"] = ModelDim,
        ["intermediate_size"] = FfnDim,
        ["num_hidden_layers"] = layers,
        ["num_attention_heads"] = 2,
        ["num_key_value_heads"] = 1,
        ["vocab_size"] = VocabSize,
        ["rms_norm_eps"] = 1e-5,
        ["max_position_embeddings"] = 64,
        ["tie_word_embeddings"] = true,
        ["hidden_act"] = "silu",
        ["eos_token_id"] = new JsonArray(0, 2),
    };

    public static JsonObject Mor(string type, int recursions, string sharing) => new()
    {
        ["type"] = type,
        ["num_recursion"] = recursions,
        ["sharing"] = sharing,
        ["router_func"] = type == "token" ? "softmax" : "sigmoid",
        ["alpha"] = 0.1,
    };

    public static SyntheticModel Llama(int layers)
    {
        SyntheticModel model = new();
        model.AddEnds();
        for (int layer = 0; layer < layers; layer++)
        {
            model.AddLayer($"model.layers.{layer}.");
        }

        return model;
    }

    /// <summary>Every recursion's layer under its own name, as DeepSpeed runs save them.</summary>
    public static SyntheticModel Expert(int recursions, int depth, bool isMiddle, bool isAttentionTied)
    {
        SyntheticModel model = new();
        model.AddEnds();
        int first = isMiddle ? 1 : 0;
        for (int r = 0; r < recursions; r++)
        {
            for (int j = 0; j < depth; j++)
            {
                string? original = r == 0 ? null : $"model.layers.{first}.block.{j}.";
                model.AddLayer($"model.layers.{first + r}.block.{j}.", original, isAttentionTied);
            }

            model.Add($"model.layers.{first + r}.mor_router.router.weight", 1, ModelDim);
        }

        if (isMiddle)
        {
            model.AddLayer("model.layers.0.");
            model.AddLayer($"model.layers.{recursions + 1}.");
        }

        return model;
    }

    public static SyntheticModel Token(int recursions, int depth)
    {
        SyntheticModel model = new();
        model.AddEnds();
        model.AddLayer("model.layers.0.");
        model.AddLayer("model.layers.2.");
        for (int r = 0; r < recursions; r++)
        {
            for (int j = 0; j < depth; j++)
            {
                string? original = r == 0 ? null : $"model.layers.1.block_list.0.{j}.";
                model.AddLayer($"model.layers.1.block_list.{r}.{j}.", original);
            }
        }

        model.Add("model.layers.1.mor_router.router.weight", recursions, ModelDim);
        model.Add("model.layers.1.router_bias", recursions);
        return model;
    }

    /// <summary>
    /// A plain recursive model: unrolled layer l repeats the one that <paramref name="originals"/> names.
    /// </summary>
    public static SyntheticModel Recursive(params int[] originals)
    {
        SyntheticModel model = new();
        model.AddEnds();
        for (int layer = 0; layer < originals.Length; layer++)
        {
            string? original = originals[layer] == layer ? null : $"model.layers.{originals[layer]}.";
            model.AddLayer($"model.layers.{layer}.", original);
        }

        return model;
    }

    public float[] Values(string name) => Tensors.Find(tensor => tensor.Name == name)!.Values;

    public void Add(string name, params int[] shape)
    {
        int count = 1;
        foreach (int dimension in shape)
        {
            count *= dimension;
        }

        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            // Multiples of 1/64 in (−2, 2) are exact in every float type, so every round trip is exact.
            values[i] = _random.Next(-127, 128) / 64f;
        }

        Tensors.Add(new SyntheticTensor(name, shape, values));
    }

    public void AddLayer(string prefix, string? original = null, bool isAttentionTied = true)
    {
        AddOrCopy("input_layernorm.weight", ModelDim);
        AddOrCopy("self_attn.q_proj.weight", 2 * HeadDim, ModelDim);
        AddOrCopy("self_attn.k_proj.weight", HeadDim, ModelDim);
        AddOrCopy("self_attn.v_proj.weight", HeadDim, ModelDim);
        AddOrCopy("self_attn.o_proj.weight", ModelDim, 2 * HeadDim);
        AddOrCopy("post_attention_layernorm.weight", ModelDim);
        AddOrCopy("mlp.gate_proj.weight", FfnDim, ModelDim);
        AddOrCopy("mlp.up_proj.weight", FfnDim, ModelDim);
        AddOrCopy("mlp.down_proj.weight", ModelDim, FfnDim);

        void AddOrCopy(string suffix, params int[] shape)
        {
            bool isAttention = suffix.StartsWith("self_attn", StringComparison.Ordinal);
            bool isOwn = original is null || (!isAttentionTied && isAttention);
            if (isOwn)
            {
                Add(prefix + suffix, shape);
            }
            else
            {
                Tensors.Add(new SyntheticTensor(prefix + suffix, shape, Values(original + suffix)));
            }
        }
    }

    private void AddEnds()
    {
        Add("model.embed_tokens.weight", VocabSize, ModelDim);
        Add("model.norm.weight", ModelDim);
    }
}
