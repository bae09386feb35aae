namespace MoREdge.Model;

/// <summary>
/// Retention in place of attention (RetNet, Sun et al. 2023, arXiv:2307.08621): a state R of fixed size per head holds
/// the past, R ← γ·R + kᵀ·v, and a query reads q·R. The two dialects that call themselves RetNet differ in the angles
/// of the rotation, in what the read-out is divided by, and in the norm behind it.
/// </summary>
public sealed record RetentionConfig
{
    /// <summary>
    /// Most floats in the state of a layer: 2^28, 1 GiB. The largest published preset, of 65 billion parameters, has
    /// not a fortieth of them.
    /// </summary>
    internal const long StateFloatsMax = 1L << 28;

    /// <summary>Width of a value head: columns of R. Its rows are the key head's width, ModelConfig.HeadDim.</summary>
    public required int ValueDim { get; init; }

    /// <summary>γ of each query head, in (0, 1).</summary>
    public required IReadOnlyList<double> Decays { get; init; }

    /// <summary>Radians per token of each pair of key columns (HeadDim / 2).</summary>
    public required IReadOnlyList<double> Angles { get; init; }

    /// <summary>Torchscale: read-outs are divided by the root of the decays' sum.</summary>
    public bool DividesBySum { get; init; }

    /// <summary>Flash-linear-attention: the norm of each head has weights (ValueDim), which the heads share.</summary>
    public bool HasNormWeights { get; init; }

    /// <summary>Whether silu of a further projection multiplies the normed read-outs.</summary>
    public bool HasGate { get; init; } = true;

    /// <summary>Whether max(0, x) of queries and keys is taken, before their rotation.</summary>
    public bool Rectifies { get; init; }

    /// <summary>γ = 1 − 2^(−5−h) for head h. Source: arXiv:2307.08621, equation 8.</summary>
    public static double[] PowerDecays(int headCount)
    {
        double[] decays = new double[headCount];
        for (int h = 0; h < headCount; h++)
        {
            decays[h] = 1 - Math.ScaleB(1, -5 - h);
        }

        return decays;
    }

    /// <summary>γ = 1 − e^x for even steps x from ln 1/32 to ln 1/512, both included (use_lm_decay).</summary>
    public static double[] EvenDecays(int headCount)
    {
        (double first, double last) = (Math.Log(1 / 32.0), Math.Log(1 / 512.0));
        double[] decays = new double[headCount];
        for (int h = 0; h < headCount; h++)
        {
            double share = headCount == 1 ? 0 : h / (headCount - 1.0);
            decays[h] = 1 - Math.Exp(first + (share * (last - first)));
        }

        return decays;
    }

    /// <summary>
    /// base^(−2i / keyDim), as rotary embeddings have it (flash-linear-attention), or base^(−i / (keyDim / 2 − 1)),
    /// whose last is exactly 1 / base (torchscale).
    /// </summary>
    public static double[] AnglesOf(int keyDim, double rotaryBase, bool includesLast)
    {
        double[] angles = new double[keyDim / 2];
        double steps = includesLast ? Math.Max(angles.Length - 1, 1) : angles.Length;
        for (int i = 0; i < angles.Length; i++)
        {
            angles[i] = Math.Pow(rotaryBase, -i / steps);
        }

        return angles;
    }

    /// <summary>s = 1 + γ + … + γ^position = (1 − γ^(position + 1)) / (1 − γ) of a head.</summary>
    /// <remarks>From head 49 on γ = 1 − 2^(−5 − head) is 1 in float64.</remarks>
    public double DecaySum(int head, int position) => Decays[head] == 1
        ? position + 1.0
        : (1 - Math.Pow(Decays[head], position + 1.0)) / (1 - Decays[head]);
}
