using System.Text.Json;
using MoREdge.Checkpoints.PyTorch;

namespace MoREdge.Checkpoints.HuggingFace;

/// <summary>Finds the weight files of a Hugging Face folder: safetensors before PyTorch, sharded or single.</summary>
internal static class WeightFolder
{
    private const string SafetensorsName = "model.safetensors";
    private const string PyTorchName = "pytorch_model.bin";
    private const string IndexSuffix = ".index.json";

    /// <summary>
    /// Opens every tensor of <paramref name="folder"/>, or of the one weight file <paramref name="file"/>.
    /// </summary>
    /// <exception cref="CheckpointException">No weights, a missing shard, or a broken file.</exception>
    public static WeightSet Open(string folder, string? file)
    {
        WeightSet weights = new();
        bool isComplete = false;
        try
        {
            Fill(weights, folder, file);
            isComplete = true;
            return weights;
        }
        finally
        {
            if (!isComplete)
            {
                weights.Dispose();
            }
        }
    }

    private static void Fill(WeightSet weights, string folder, string? file)
    {
        if (file is not null)
        {
            AddFile(weights, file);
            return;
        }

        foreach (string name in (ReadOnlySpan<string>)[SafetensorsName, PyTorchName])
        {
            string index = Path.Combine(folder, name + IndexSuffix);
            if (File.Exists(index))
            {
                AddShards(weights, folder, index);
                return;
            }

            if (File.Exists(Path.Combine(folder, name)))
            {
                AddFile(weights, Path.Combine(folder, name));
                return;
            }
        }

        string[] others = Directory.GetFiles(folder, "*.safetensors");
        if (others.Length != 1)
        {
            throw new CheckpointException(
                CheckpointError.MissingWeights,
                $"{folder} holds neither {SafetensorsName} nor {PyTorchName} nor an index of their shards.");
        }

        AddFile(weights, others[0]);
    }

    private static void AddFile(WeightSet weights, string path)
    {
        foreach (StoredTensor tensor in ReadFile(weights.OpenFile(path)))
        {
            weights.Add(tensor);
        }
    }

    private static List<StoredTensor> ReadFile(WeightFile file)
    {
        Span<byte> start = stackalloc byte[SourceKinds.StartBytes];
        start = start[..(int)Math.Min(start.Length, file.Length)];
        file.Read(0, start);
        SourceKinds.RefuseLegacyPyTorch(start, file.Name);
        return PyTorchFile.IsOne(start) ? PyTorchFile.Read(file) : SafetensorsFile.Read(file);
    }

    private static void AddShards(WeightSet weights, string folder, string indexPath)
    {
        string indexName = Path.GetFileName(indexPath);
        JsonElement index = JsonFile.Load(indexPath);
        if (!index.TryGetProperty("weight_map", out JsonElement map) || map.ValueKind != JsonValueKind.Object)
        {
            throw new CheckpointException(CheckpointError.JsonMalformed, $"{indexName} has no weight_map.");
        }

        HashSet<string> opened = new(StringComparer.Ordinal);
        foreach (JsonProperty entry in map.EnumerateObject())
        {
            string shard = ShardName(entry, indexName);
            if (opened.Add(shard))
            {
                string path = Path.Combine(folder, shard);
                if (!File.Exists(path))
                {
                    throw new CheckpointException(
                        CheckpointError.ShardMissing,
                        $"{indexName} names {CheckpointException.Quote(shard)}, which is missing.");
                }

                AddFile(weights, path);
            }
        }

        foreach (JsonProperty entry in map.EnumerateObject())
        {
            if (!weights.TryGet(entry.Name, out _))
            {
                throw new CheckpointException(
                    CheckpointError.MissingTensor,
                    $"{indexName} lists {CheckpointException.Quote(entry.Name)}, which no shard holds.");
            }
        }
    }

    /// <summary>A shard lies beside its index: a name with a folder in it would let an index read any file.</summary>
    private static string ShardName(JsonProperty entry, string indexName)
    {
        string? name = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString() : null;
        bool isPlain = !string.IsNullOrEmpty(name) && name != ".."
            && name == Path.GetFileName(name) && !name.Contains('\\');
        return isPlain
            ? name!
            : throw new CheckpointException(
                CheckpointError.JsonMalformed,
                $"{indexName} names no plain file for {CheckpointException.Quote(entry.Name)}.");
    }
}
