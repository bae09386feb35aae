using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>What the self-test found for one kernel set.</summary>
/// <param name="SetName">The kernel set.</param>
/// <param name="Passed">True when every operation agrees with the reference.</param>
/// <param name="Checks">How many comparisons ran.</param>
/// <param name="Worst">The comparison with the largest difference relative to what is allowed.</param>
/// <param name="Failures">The comparisons that failed.</param>
public sealed record KernelSelfTestResult(
    string SetName, bool Passed, int Checks, KernelDifference Worst, IReadOnlyList<KernelDifference> Failures);

/// <summary>
/// Compares every kernel set this machine can run with the scalar reference: for machines where the unit tests cannot
/// run, such as a small board or a server with instructions that no development machine has. Takes about a second.
/// </summary>
public static class KernelSelfTest
{
    private static readonly QuantFormat[] Formats = [QuantFormat.Q8G32, QuantFormat.Q4G32];
    private static readonly (int Rows, int Cols)[] Shapes = [(1, 1), (7, 31), (8, 32), (9, 33), (31, 172), (64, 576)];
    private static readonly int[] TokenCounts = [1, 3, 4, 7];
    private static readonly int[] Lengths = [1, 7, 32, 33, 172];
    private static readonly int[] HeadDims = [8, 31, 64, 100];
    private static readonly ElementType[] PlainTypes = [ElementType.F32, ElementType.F16, ElementType.BF16];
    private static readonly (int Rows, int Cols, int Tokens)[] BlockShapes =
        [(1, 256, 1), (7, 512, 3), (33, 768, 17), (9, 2560, 2)];

    /// <summary>Tests every supported set, in the order of <see cref="KernelSelector.Supported"/>.</summary>
    public static IReadOnlyList<KernelSelfTestResult> Run()
    {
        List<KernelSelfTestResult> results = [];
        foreach (KernelSet set in KernelSelector.Supported)
        {
            results.Add(Run(set));
        }

        return results;
    }

    /// <summary>Tests one set.</summary>
    public static KernelSelfTestResult Run(KernelSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        List<KernelDifference> differences = [];
        AddPacked(set, differences);
        AddDense(set, differences);
        AddBlocks(set, differences);
        AddRest(set, differences);
        AddAttention(set, differences);
        AddRetention(set, differences);
        KernelDifference worst = differences[0];
        List<KernelDifference> failures = [];
        foreach (KernelDifference difference in differences)
        {
            worst = difference.Worst > worst.Worst ? difference : worst;
            if (!difference.Passed)
            {
                failures.Add(difference);
            }
        }

        return new KernelSelfTestResult(set.Name, failures.Count == 0, differences.Count, worst, failures);
    }

    private static void AddPacked(KernelSet set, List<KernelDifference> differences)
    {
        foreach (QuantFormat format in Formats)
        {
            foreach ((int rows, int cols) in Shapes)
            {
                foreach (int tokens in TokenCounts)
                {
                    differences.Add(KernelComparison.Packed(set, format, rows, cols, tokens));
                }
            }
        }
    }

    private static void AddDense(KernelSet set, List<KernelDifference> differences)
    {
        foreach (ElementType type in PlainTypes)
        {
            foreach ((int rows, int cols) in Shapes)
            {
                differences.Add(KernelComparison.Dense(set, type, rows, cols, 3));
            }
        }
    }

    private static void AddBlocks(KernelSet set, List<KernelDifference> differences)
    {
        foreach (ElementType type in Enum.GetValues<ElementType>())
        {
            int length = ElementTypes.BlockLength(type);
            foreach ((int rows, int cols, int tokens) in BlockShapes)
            {
                if (length > 1)
                {
                    // Of the small blocks a number that leaves a chunk incomplete.
                    int wholeCols = length < DenseBlock.LengthK ? cols - (3 * length) : cols;
                    differences.Add(BlockComparison.Run(set, type, rows, wholeCols, tokens, isHostile: false));
                    differences.Add(BlockComparison.Run(set, type, rows, wholeCols, tokens, isHostile: true));
                }
            }
        }
    }

    private static void AddRest(KernelSet set, List<KernelDifference> differences)
    {
        foreach (int length in Lengths)
        {
            differences.Add(KernelComparison.Vectors(set, length));
            differences.Add(KernelComparison.Quantize(set, 3, length));
            differences.Add(KernelComparison.Rotary(set, 2 * length, interleaved: false));
            differences.Add(KernelComparison.Rotary(set, 2 * length, interleaved: true));
            differences.Add(KernelComparison.ReadBytes(set, 11 * length));
        }
    }

    private static void AddAttention(KernelSet set, List<KernelDifference> differences)
    {
        foreach (KvFormat format in Enum.GetValues<KvFormat>())
        {
            foreach (int headDim in HeadDims)
            {
                foreach (int queries in TokenCounts)
                {
                    AttentionShape shape = new(format, headDim, queries, 1, 53);
                    differences.Add(AttentionComparison.Run(set, shape, isPoisoned: false));
                    differences.Add(AttentionComparison.Run(set, shape with { Heads = 2 }, isPoisoned: true));
                }
            }
        }
    }

    private static void AddRetention(KernelSet set, List<KernelDifference> differences)
    {
        foreach (int keyDim in HeadDims)
        {
            foreach (int tokens in TokenCounts)
            {
                differences.Add(RetentionComparison.Run(set, keyDim, 53, tokens));
            }
        }
    }
}
