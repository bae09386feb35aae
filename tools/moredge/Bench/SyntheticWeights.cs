using System.Runtime.InteropServices;
using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Cli;

/// <summary>
/// Bytes of random weights, fast: one random pattern per stored form, repeated. The weights have mean 0 and variance 1
/// / cols, so a projection of unit variance has unit variance again; norms are 1. No value is subnormal, infinite or
/// NaN.
/// </summary>
internal sealed class SyntheticWeights
{
    /// <summary>Standard deviation of bytes uniform in [−127, 127]: √((255² − 1) / 12).</summary>
    private const double Q8Deviation = 73.6;

    /// <summary>Standard deviation of nibbles uniform in [−8, 7]: √((16² − 1) / 12).</summary>
    private const double Q4Deviation = 4.61;

    /// <summary>Standard deviation of floats uniform in [−1, 1]: √(1 / 3).</summary>
    private const double UniformDeviation = 0.577;

    private readonly byte[] _nibbles;
    private readonly byte[] _bytes;
    private readonly float[] _uniform;
    private readonly byte[] _chunk;

    /// <param name="chunkBytes">The most bytes asked for at once.</param>
    /// <param name="seed">The same seed gives the same model.</param>
    public SyntheticWeights(int chunkBytes, int seed)
    {
        Random random = new(seed);
        _chunk = new byte[chunkBytes];
        _nibbles = new byte[chunkBytes];
        random.NextBytes(_nibbles);
        _bytes = new byte[chunkBytes];
        _uniform = new float[chunkBytes / sizeof(float)];
        for (int i = 0; i < chunkBytes; i++)
        {
            // The quantizer never emits −128, and kernels rely on it.
            _bytes[i] = _nibbles[i] == 0x80 ? (byte)0 : _nibbles[i];
        }

        for (int i = 0; i < _uniform.Length; i++)
        {
            _uniform[i] = (2 * random.NextSingle()) - 1;
        }
    }

    /// <summary>The number below which a share of the weights of a matrix lies.</summary>
    /// <param name="plan">The matrix.</param>
    /// <param name="share">From 0 to 1.</param>
    public static double Quantile(GgufTensorPlan plan, double share)
    {
        long cols = plan.Layout?.Cols ?? plan.Shape.Cols;
        bool isQ4 = plan.Layout?.Format == QuantFormat.Q4G32 || plan.Type == ElementType.Q4_0;
        bool isInt8 = plan.Layout?.Format == QuantFormat.Q8G32 || plan.Type == ElementType.Q8_0;

        // Between two values of the quants, whose first and last are -127 and 127, or -8 and 7.
        return isQ4 ? (-8.5 + Math.Round(16 * share)) * (double)BitConverter.UInt16BitsToHalf(Scale(Q4Deviation, cols))
            : isInt8 ? (-127.5 + Math.Round(255 * share))
                * (double)BitConverter.UInt16BitsToHalf(Scale(Q8Deviation, cols))
            : ((2 * share) - 1) / (UniformDeviation * Math.Sqrt(cols));
    }

    /// <summary>Bytes [start, start + count) of a tensor; overwritten by the next call.</summary>
    public Span<byte> Bytes(GgufTensorPlan plan, long start, int count)
    {
        Span<byte> chunk = _chunk.AsSpan(0, count);
        if (plan.Layout is { } layout)
        {
            Packed(layout, start, chunk);
        }
        else if (plan.Shape.Rank == 1)
        {
            MemoryMarshal.Cast<byte, float>(chunk).Fill(1);
        }
        else if (plan.Type is ElementType.Q8_0 or ElementType.Q4_0)
        {
            Blocks(plan, start, chunk);
        }
        else if (plan.Type == ElementType.F16)
        {
            Halves(MemoryMarshal.Cast<byte, Half>(chunk), plan.Shape.Cols);
        }
        else
        {
            Floats(MemoryMarshal.Cast<byte, float>(chunk), plan.Shape.Cols);
        }

        return chunk;
    }

    private void Packed(PackedLayout layout, long start, Span<byte> chunk)
    {
        byte[] pattern = layout.Format == QuantFormat.Q8G32 ? _bytes : _nibbles;
        ushort scale = Scale(layout.Format == QuantFormat.Q8G32 ? Q8Deviation : Q4Deviation, layout.Cols);
        int quants = (int)Math.Clamp(layout.ScaleOffset - start, 0, chunk.Length);
        pattern.AsSpan(0, quants).CopyTo(chunk);
        for (int i = quants; i < chunk.Length; i++)
        {
            chunk[i] = (byte)(((start + i - layout.ScaleOffset) & 1) == 0 ? scale : scale >> 8);
        }
    }

    /// <summary>GGUF's own blocks: a scale, then the quants of 32 weights.</summary>
    private void Blocks(GgufTensorPlan plan, long start, Span<byte> chunk)
    {
        bool isInt8 = plan.Type == ElementType.Q8_0;
        byte[] pattern = isInt8 ? _bytes : _nibbles;
        ushort scale = Scale(isInt8 ? Q8Deviation : Q4Deviation, plan.Shape.Cols);
        int blockBytes = ElementTypes.BlockBytes(plan.Type);
        int offset = (int)(start % blockBytes);
        for (int i = 0; i < chunk.Length; i++)
        {
            chunk[i] = offset switch
            {
                0 => (byte)scale,
                1 => (byte)(scale >> 8),
                _ => pattern[i],
            };
            offset = offset + 1 == blockBytes ? 0 : offset + 1;
        }
    }

    /// <summary>fp16 bits of the scale that gives quants of this deviation a variance of 1 / cols.</summary>
    private static ushort Scale(double deviation, long cols) =>
        BitConverter.HalfToUInt16Bits((Half)(1 / (deviation * Math.Sqrt(cols))));

    private void Halves(Span<Half> chunk, long cols)
    {
        float factor = (float)(1 / (UniformDeviation * Math.Sqrt(cols)));
        for (int i = 0; i < chunk.Length; i++)
        {
            chunk[i] = (Half)(_uniform[i % _uniform.Length] * factor);
        }
    }

    private void Floats(Span<float> chunk, long cols)
    {
        float factor = (float)(1 / (UniformDeviation * Math.Sqrt(cols)));
        for (int i = 0; i < chunk.Length; i++)
        {
            chunk[i] = _uniform[i % _uniform.Length] * factor;
        }
    }
}
