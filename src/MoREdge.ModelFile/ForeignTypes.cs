namespace MoREdge.ModelFile;

/// <summary>Element types of llama.cpp that files of others come in and this version does not read, by name.</summary>
internal static class ForeignTypes
{
    private static readonly Dictionary<uint, string> Names = new()
    {
        [9] = "Q8_1",
        [10] = "Q2_K",
        [11] = "Q3_K",
        [15] = "Q8_K",
        [16] = "IQ2_XXS",
        [17] = "IQ2_XS",
        [18] = "IQ3_XXS",
        [19] = "IQ1_S",
        [20] = "IQ4_NL",
        [21] = "IQ3_S",
        [22] = "IQ2_S",
        [23] = "IQ4_XS",
        [29] = "IQ1_M",
        [31] = "Q4_0_4_4",
        [32] = "Q4_0_4_8",
        [33] = "Q4_0_8_8",
        [34] = "TQ1_0",
        [35] = "TQ2_0",
        [39] = "MXFP4",
        [40] = "NVFP4",
        [41] = "Q1_0",
        [42] = "Q2_0",
    };

    /// <summary>What is wrong with a tensor of a type that is not read, and what to do instead.</summary>
    /// <param name="tensor">The quoted name of the tensor.</param>
    /// <param name="typeId">The type id of its entry.</param>
    public static string Sentence(string tensor, uint typeId) => Names.TryGetValue(typeId, out string? name)
        ? $"the tensor {tensor} is stored as {name}, which is not supported; take a file of this model in Q4_0, "
            + "Q4_K_M, Q5_K_M, Q6_K or Q8_0."
        : $"the tensor {tensor} has the unknown element type {typeId}.";
}
