using MoREdge.Kernels;

namespace MoREdge.Tests.Kernels;

/// <summary>Theory data of the linked tests: the one set that is compiled anew.</summary>
internal static class KernelSets
{
    // On a processor without AVX2 there is nothing to see, and a theory wants data.
    private static string Name => AvxVnni.IsSupported ? "avx-vnni" : "scalar";

    /// <summary>The set called <paramref name="name"/>.</summary>
    internal static KernelSet Get(string name) => KernelSelector.Select(name);

    /// <summary>The set's name followed by each row of <paramref name="values"/>.</summary>
    internal static IEnumerable<object[]> Times(IEnumerable<object[]> values)
    {
        foreach (object[] row in values)
        {
            yield return [Name, .. row];
        }
    }
}
