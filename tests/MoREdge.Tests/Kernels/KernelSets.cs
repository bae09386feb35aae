using MoREdge.Kernels;

namespace MoREdge.Tests.Kernels;

/// <summary>Theory data: every kernel set this machine supports, alone or with shapes.</summary>
internal static class KernelSets
{
    /// <summary>The set called <paramref name="name"/>.</summary>
    internal static KernelSet Get(string name) => KernelSelector.Select(name);

    /// <summary>Each supported set's name followed by each row of <paramref name="values"/>.</summary>
    internal static IEnumerable<object[]> Times(IEnumerable<object[]> values)
    {
        foreach (object[] row in values)
        {
            foreach (KernelSet set in KernelSelector.Supported)
            {
                yield return [set.Name, .. row];
            }
        }
    }
}
