using System.Text.Json;
using System.Text.Json.Nodes;
using MoREdge.Tests;

namespace MoREdge.GoldenTests;

/// <summary>One stored reference: its JSON, and a Hugging Face folder made of its weights.</summary>
internal sealed class GoldenFile : IDisposable
{
    private readonly JsonDocument _json;

    /// <param name="name">File name without extension.</param>
    /// <param name="weights">Name of the weights when they are another file's.</param>
    public GoldenFile(string name, string? weights = null)
    {
        string folder = SharedData.InRepository("tests/golden/mor");
        _json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, name + ".json")));
        string weightsName = weights ?? name;
        Folder = Directory.CreateTempSubdirectory("moredge-golden-").FullName;
        File.Copy(Path.Combine(folder, weightsName + ".safetensors"), Path.Combine(Folder, "model.safetensors"));
        using JsonDocument source = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, ConfigName(weightsName) + ".json")));
        File.WriteAllText(Path.Combine(Folder, "config.json"), ConfigOf(source.RootElement.GetProperty("config")));
    }

    /// <summary>A folder with config.json and model.safetensors.</summary>
    public string Folder { get; }

    public int[] Integers(string property) => Array.ConvertAll(Numbers(_json.RootElement.GetProperty(property)), x => (int)x);

    public double[][] Rows(string property)
    {
        List<double[]> rows = [];
        foreach (JsonElement row in _json.RootElement.GetProperty(property).EnumerateArray())
        {
            rows.Add(Numbers(row));
        }

        return [.. rows];
    }

    public bool Has(string property) =>
        _json.RootElement.TryGetProperty(property, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    public void Dispose()
    {
        _json.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>
    /// The threshold_* weights have no configuration of their own: they share the shared-cache model's.
    /// </summary>
    private static string ConfigName(string weights) =>
        weights == "threshold_midcycle_n3_kvshare" ? "expert_midcycle_n3_kvshare" : weights;

    private static double[] Numbers(JsonElement array)
    {
        List<double> numbers = [];
        foreach (JsonElement number in array.EnumerateArray())
        {
            numbers.Add(number.GetDouble());
        }

        return [.. numbers];
    }

    private static string ConfigOf(JsonElement golden)
    {
        JsonNode Copy(string name) => JsonNode.Parse(golden.GetProperty(name).GetRawText()) ?? "null";
        int layers = (golden.GetProperty("num_recursion").GetInt32() * golden.GetProperty("base_depth").GetInt32())
            + (golden.GetProperty("sharing").GetString()!.StartsWith("middle", StringComparison.Ordinal) ? 2 : 0);
        JsonObject config = new()
        {
            ["architectures"] = new JsonArray("MoRLlamaForCausalLM"),
            ["model_type"] = "llama",
            ["hidden_size"] = Copy("hidden_size"),
            ["intermediate_size"] = FfnDim,
            ["num_hidden_layers"] = layers,
            ["num_attention_heads"] = Copy("num_attention_heads"),
            ["num_key_value_heads"] = Copy("num_key_value_heads"),
            ["vocab_size"] = Copy("vocab_size"),
            ["rms_norm_eps"] = Copy("rms_norm_eps"),
            ["rope_theta"] = Copy("rope_theta"),
            ["max_position_embeddings"] = 64,
            ["tie_word_embeddings"] = true,
            ["hidden_act"] = "silu",
            ["mor"] = new JsonObject
            {
                ["type"] = Copy("mor_type"),
                ["num_recursion"] = Copy("num_recursion"),
                ["base_depth"] = Copy("base_depth"),
                ["sharing"] = Copy("sharing"),
                ["capacity"] = golden.GetProperty("capacity").ValueKind == JsonValueKind.Null ? null : Copy("capacity"),
                ["router_type"] = golden.GetProperty("name").GetString()!.Contains("mlp", StringComparison.Ordinal) ? "mlp" : "linear",
                ["router_func"] = Copy("router_func"),
                ["alpha"] = Copy("alpha"),
                ["temp"] = Copy("temp"),
                ["gating"] = Copy("gating"),
                ["kv_sharing"] = Copy("kv_sharing"),
                ["update_cache"] = Copy("update_cache"),
                ["inference_mode"] = "topk",
            },
        };
        return config.ToJsonString();
    }

    /// <summary>Feed-forward width of every golden model.</summary>
    private const int FfnDim = 64;
}
