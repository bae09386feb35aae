using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace MoREdge.Kernels;

/// <summary>Finds the kernel sets that this machine can run. The only file that reads IsSupported.</summary>
/// <remarks>
/// NativeAOT folds most of these checks at publish time: a binary without the x86-64-v3 level never sees AVX2. AVX-VNNI
/// and the ARM64 dot product stay checks of the running machine.
/// </remarks>
public static class KernelSelector
{
    /// <summary>The environment variable that forces a kernel set by name.</summary>
    public const string EnvironmentVariable = "MOREDGE_KERNELS";

    // Every name there is, on any architecture, in the order of Supported.
    private static readonly string[] KnownNames = ["scalar", "vector128", "avx2", "avx-vnni", "neon", "neon-dot"];

    /// <summary>What this machine can run, slowest first: "scalar" is always first, the best set last.</summary>
    public static IReadOnlyList<KernelSet> Supported { get; } = FindSupported();

    /// <summary>The fastest set this machine can run.</summary>
    public static KernelSet Best => Supported[^1];

    /// <summary>The processor features seen that matter to a kernel, for example "avx2" or "dp".</summary>
    public static IReadOnlyList<string> CpuFeatures { get; } = FindCpuFeatures();

    /// <summary>The set called <paramref name="name"/>; the best one when it is null or empty.</summary>
    /// <exception cref="KernelSelectionException">Unknown name, or a set this machine cannot run.</exception>
    public static KernelSet Select(string? name)
    {
        if (string.IsNullOrEmpty(name))
        {
            return Best;
        }

        foreach (KernelSet set in Supported)
        {
            if (set.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return set;
            }
        }

        bool known = Array.Exists(KnownNames, known => known.Equals(name, StringComparison.OrdinalIgnoreCase));
        string problem = known ? "cannot run on this machine or in this build" : "does not exist";
        throw new KernelSelectionException(
            known ? KernelSelectionError.NotSupported : KernelSelectionError.UnknownName,
            $"The kernel set '{name}' {problem}; supported here: {SupportedNames()}.");
    }

    /// <summary>The set that <see cref="EnvironmentVariable"/> names, or the best one.</summary>
    /// <exception cref="KernelSelectionException">The variable names no set of this machine.</exception>
    public static KernelSet SelectFromEnvironment() => Select(Environment.GetEnvironmentVariable(EnvironmentVariable));

    /// <summary>One sentence: why <paramref name="set"/> runs.</summary>
    public static string Reason(KernelSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        string features = CpuFeatures.Count == 0 ? "no SIMD feature" : string.Join(", ", CpuFeatures);
        return set.Name == Best.Name
            ? $"{set.Name} is the fastest set for the features seen ({features})."
            : $"{set.Name} was asked for; {Best.Name} is the fastest set for the features seen ({features}).";
    }

    private static string SupportedNames()
    {
        List<string> names = [];
        foreach (KernelSet set in Supported)
        {
            names.Add(set.Name);
        }

        return string.Join(", ", names);
    }

    private static List<KernelSet> FindSupported()
    {
        List<KernelSet> sets = [new KernelSet()];
        if (Vector128.IsHardwareAccelerated)
        {
            sets.Add(new Vector128Kernels(isFused: Fma.IsSupported || AdvSimd.IsSupported));
        }

        if (Avx2.IsSupported && Fma.IsSupported)
        {
            sets.Add(new Avx2Kernels());
            if (AvxVnni.IsSupported)
            {
                sets.Add(new AvxVnniKernels());
            }
        }

        if (AdvSimd.Arm64.IsSupported)
        {
            sets.Add(new NeonKernels());
            if (Dp.IsSupported)
            {
                sets.Add(new NeonDotKernels());
            }
        }

        return sets;
    }

    private static List<string> FindCpuFeatures()
    {
        List<string> features = [];
        AddIf(features, "vector128", Vector128.IsHardwareAccelerated);
        AddIf(features, "avx2", Avx2.IsSupported);
        AddIf(features, "fma", Fma.IsSupported);
        AddIf(features, "avx-vnni", AvxVnni.IsSupported);
        AddIf(features, "neon", AdvSimd.Arm64.IsSupported);
        AddIf(features, "dp", Dp.IsSupported);
        return features;
    }

    private static void AddIf(List<string> features, string name, bool isSupported)
    {
        if (isSupported)
        {
            features.Add(name);
        }
    }
}
