using MoREdge.ModelFile;
namespace MoREdge.Checkpoints.HuggingFace;

/// <summary>Token ids in configuration files: one number, a list of numbers, or nothing.</summary>
internal static class TokenIds
{
    /// <summary>The ids under <paramref name="key"/>; empty when absent.</summary>
    /// <exception cref="CheckpointException">InvalidValue.</exception>
    public static int[] Read(ConfigObject config, string key)
    {
        double[] numbers = config.GetDoubles(key) ?? [];
        int[] ids = new int[numbers.Length];
        for (int i = 0; i < ids.Length; i++)
        {
            bool isId = numbers[i] >= 0 && numbers[i] < ModelFileLimits.ModelDimensionMax
                && double.IsInteger(numbers[i]);
            ids[i] = isId ? (int)numbers[i] : throw config.Invalid(key, "is not a token id or a list of them");
        }

        return ids;
    }
}
