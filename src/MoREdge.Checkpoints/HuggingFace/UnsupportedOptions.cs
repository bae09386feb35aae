using System.Text.Json;
using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace;

/// <summary>
/// Refuses, by name, every setting under which this project would compute something else than the original.
/// </summary>
internal static class UnsupportedOptions
{
    /// <summary>What a Mistral configuration means when it does not mention its window.</summary>
    private const int MistralWindowDefault = 4096;

    /// <summary>Checks <paramref name="config"/> of the class <paramref name="family"/>.</summary>
    /// <exception cref="CheckpointException">UnsupportedOption.</exception>
    public static void Refuse(ConfigObject config, string family)
    {
        string activation = config.GetString("hidden_act") ?? "silu";
        if (activation is not ("silu" or "swish"))
        {
            throw Unsupported(config, $"hidden_act {CheckpointException.Quote(activation)}; only silu is computed");
        }

        if (config.TryGet("quantization_config", out _))
        {
            throw Unsupported(
                config, "quantization_config: the weights are already quantized in a way that is not read");
        }

        if (config.GetDouble("partial_rotary_factor", 1) != 1)
        {
            throw Unsupported(config, "partial_rotary_factor other than 1");
        }

        RefuseWindows(config, family);
    }

    private static void RefuseWindows(ConfigObject config, string family)
    {
        if (family == "Qwen2ForCausalLM")
        {
            if (config.GetBoolean("use_sliding_window", fallback: false))
            {
                throw Unsupported(config, "use_sliding_window");
            }
        }
        else
        {
            int context = config.GetInt32("max_position_embeddings", 1, ModelFileLimits.ModelDimensionMax, 2048);
            bool isImplied = family == "MistralForCausalLM" && !config.Has("sliding_window");
            int fallback = isImplied ? MistralWindowDefault : context;
            int window = config.GetInt32("sliding_window", 0, int.MaxValue, fallback);
            if (window < context)
            {
                throw Unsupported(config, $"sliding_window {window}, shorter than its context of {context}");
            }
        }

        if (config.TryGet("layer_types", out JsonElement layers) && layers.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement layer in layers.EnumerateArray())
            {
                if (layer.ValueKind != JsonValueKind.String || !layer.ValueEquals("full_attention"))
                {
                    throw Unsupported(config, $"a layer of type {CheckpointException.Quote(layer.ToString())}");
                }
            }
        }
    }

    private static CheckpointException Unsupported(ConfigObject config, string what) =>
        new(CheckpointError.UnsupportedOption, $"{config.Name} uses {what}.");
}
