using System.Globalization;
using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Cli;

/// <summary>
/// Makes the routers of a synthetic model send stated shares of the tokens to each depth, or past the layers that they
/// can skip; those of random weights would send nearly all or nearly none. The last channel of the residual stream
/// holds what the embedding put there, a uniform random number per token, because the rows of every projection that
/// would write it are zero. The routers read that channel alone, and their thresholds are quantiles of the embedding's
/// numbers.
/// </summary>
internal sealed class SyntheticDepths
{
    /// <summary>Shares may be given in rounded figures.</summary>
    private const double SumTolerance = 0.011;

    private const double RoutedCapacityMax = 0.999;

    private readonly double[] _shares;

    private SyntheticDepths(double[] shares) => _shares = shares;

    /// <summary>
    /// Reads shares such as 0.35,0.35,0.3: of the tokens that end at depth 1, 2, 3. For Mixture-of-Depths one share: of
    /// the tokens that run each routed layer, by itself that of the shape.
    /// </summary>
    /// <returns>Null where the routers stay as they happen to be.</returns>
    /// <exception cref="UsageException">Not as many shares as recursions, or not shares of a whole.</exception>
    public static SyntheticDepths? Parse(string? text, SyntheticShape shape)
    {
        if (text is null)
        {
            return shape.RoutedCapacity < 1 ? new SyntheticDepths([shape.RoutedCapacity]) : null;
        }

        double[] shares = Array.ConvertAll(text.Split(','), Share);
        if (shape.RoutedCapacity < 1)
        {
            return shares is [> 0]
                ? new SyntheticDepths(shares)
                : throw new UsageException(
                    $"--depths needs one share above 0: of the tokens that run a routed layer of {shape.Name}.");
        }

        if (shape.RecursionCount == 1 || shares.Length != shape.RecursionCount)
        {
            throw new UsageException(
                $"--depths needs a share for each recursion; {shape.Name} has "
                + (shape.RecursionCount == 1 ? "none." : $"{shape.RecursionCount}."));
        }

        double sum = 0;
        foreach (double share in shares)
        {
            sum += share;
        }

        return Math.Abs(sum - 1) <= SumTolerance
            ? new SyntheticDepths(shares)
            : throw new UsageException("--depths: the shares must sum to 1.");
    }

    /// <summary>Sets the thresholds of the routers, and what goes with them.</summary>
    /// <param name="metadata">The keys of the model.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="quantile">The number below which a share of the embedding's numbers lies.</param>
    /// <param name="alpha">Factor α of the router weight of recursions.</param>
    public void AddKeys(GgufMetadata metadata, SyntheticShape shape, Func<double, double> quantile, double alpha)
    {
        if (shape.RecursionCount > 1)
        {
            const string Recursive = Architectures.Recursive;
            metadata.Set($"{Recursive}.{MetadataKeys.Thresholds}", GgufValue.FromFloat64s(Thresholds(quantile, alpha)));
            metadata.Set($"{Recursive}.{MetadataKeys.InferenceMode}", GgufValue.FromString("threshold"));
            return;
        }

        // No layer writes the channel that the routers read, so every one of them decides alike.
        double[] capacities = new double[shape.BlockCount], thresholds = new double[shape.BlockCount];
        for (int block = 0; block < capacities.Length; block++)
        {
            // A capacity of 1 would leave the router out.
            capacities[block] = shape.IsRouted(block) ? Math.Min(_shares[0], RoutedCapacityMax) : 1;
            thresholds[block] = shape.IsRouted(block) ? quantile(1 - _shares[0]) : 0;
        }

        metadata.Set($"{Architectures.Depths}.{SkipKeys.Capacities}", GgufValue.FromFloat64s(capacities));
        metadata.Set($"{Architectures.Depths}.{SkipKeys.Thresholds}", GgufValue.FromFloat64s(thresholds));
    }

    /// <summary>The threshold of every recursion's router.</summary>
    private double[] Thresholds(Func<double, double> quantile, double alpha)
    {
        double[] thresholds = new double[_shares.Length];
        double ended = 0;
        for (int r = 1; r < thresholds.Length; r++)
        {
            ended += _shares[r - 1];
            thresholds[r] = quantile(Math.Min(ended, 1));
            for (int earlier = 0; earlier < r; earlier++)
            {
                // x ← x + α·σ(z)·y, where the router's logit z and the block's output y both are x in this channel.
                thresholds[r] *= 1 + (alpha / (1 + Math.Exp(-thresholds[r])));
            }
        }

        return thresholds;
    }

    /// <summary>Rewrites bytes [start, start + chunk.Length) of a tensor.</summary>
    public static void Apply(GgufTensorPlan plan, long start, Span<byte> chunk)
    {
        // Routers of recursions and of skipped layers.
        if (plan.Name.Contains("router.", StringComparison.Ordinal))
        {
            byte[] one = BitConverter.GetBytes(1f);
            for (int i = 0; i < chunk.Length; i++)
            {
                long fromEnd = plan.ByteCount - start - i;
                chunk[i] = fromEnd <= one.Length ? one[^(int)fromEnd] : (byte)0;
            }
        }
        else if (plan.Name.EndsWith($".{TensorNames.AttentionOutput}", StringComparison.Ordinal)
            || plan.Name.EndsWith($".{TensorNames.FfnDown}", StringComparison.Ordinal))
        {
            ClearLastRows(plan, start, chunk);
        }
    }

    /// <summary>Zeroes the last rows of a matrix, as many as are packed together.</summary>
    private static void ClearLastRows(GgufTensorPlan plan, long start, Span<byte> chunk)
    {
        long end = plan.Layout?.QuantBytes ?? plan.ByteCount;
        long bytes = plan.Layout is { } layout
            ? layout.QuantBytes / layout.TileCount
            : plan.ByteCount / plan.Shape.Rows * PackedLayout.TileRows;
        int from = (int)Math.Clamp(end - bytes - start, 0, chunk.Length);
        int to = (int)Math.Clamp(end - start, 0, chunk.Length);
        const byte TwoZeroPoints = PackedLayout.Q4ZeroPoint | (PackedLayout.Q4ZeroPoint << PackedLayout.NibbleBits);
        bool isQ4 = plan.Layout?.Format == QuantFormat.Q4G32;
        chunk[from..to].Fill(isQ4 ? TwoZeroPoints : (byte)0);
    }

    private static double Share(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double share)
            && share is >= 0 and <= 1
            ? share
            : throw new UsageException($"--depths: '{text}' is not a share from 0 to 1.");
}
