using System.Diagnostics;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>
/// Portable 128-bit vectors: what every 64-bit processor runs, and what the x64 and ARM64 sets inherit.
/// </summary>
/// <param name="isFused">
/// True when the processor has a fused multiply-add; emulating one is slower than all else together.
/// </param>
internal unsafe class Vector128Kernels(bool isFused) : KernelSet
{
    private const int BlockBytes = 16;

    /// <inheritdoc/>
    public override string Name => "vector128";

    /// <inheritdoc/>
    public override bool IsFused { get; } = isFused;

    /// <summary>What attention is computed with.</summary>
    internal virtual AttentionBodies Attention => new(
        IsFused ? &Vector128AttentionBodies.Scores : &Vector128AttentionBodies.ScoresSplit,
        IsFused ? &Vector128AttentionBodies.Mix : &Vector128AttentionBodies.MixSplit,
        &Vector128CacheBodies.LoadHalf,
        &Vector128CacheBodies.Quants);

    /// <summary>What products with rows of floats are computed with.</summary>
    internal virtual DenseBodies Dense => IsFused
        ? new(
            &Vector128FloatBodies.Dot4x2,
            null,
            &Vector128CacheBodies.LoadHalf,
            &Vector128DenseBodies.Single,
            &Vector128DenseBodies.Half,
            &Vector128DenseBodies.BFloat16,
            null)
        : new(&Vector128FloatBodies.Dot4x2Split, null, &Vector128CacheBodies.LoadHalf, null, null, null, null);

    /// <summary>What products with blocks of <paramref name="type"/> are computed with.</summary>
    internal virtual BlockBodies Blocks(ElementType type) =>
        new(PortableBlocks.Unpack(type), PortableBlocks.Products(type, IsFused), null);

    // SAFETY: throughout this class, the drivers hand the bodies whole tiles, groups and rows of the views; spans are
    // pinned while a body reads them, and the asserted lengths are the callers' promise.

    /// <inheritdoc/>
    public override void QuantizeRows(in FloatMatrix x, in QuantizedRows q) =>
        QuantizeDriver.Rows(x, q, &Vector128QuantizeBodies.Group);

    /// <inheritdoc/>
    public override void MatVecQ8(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
        PackedDriver.MatVec(w, x, y, tileStart, tileEnd, BodyQ8());

    /// <inheritdoc/>
    public override void MatVecQ4(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
        PackedDriver.MatVec(w, x, y, tileStart, tileEnd, BodyQ4());

    /// <inheritdoc/>
    public override void MatMulQ8(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
        PackedDriver.MatMul(w, x, y, tileStart, tileEnd, BodyQ8(), default);

    /// <inheritdoc/>
    public override void MatMulQ4(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
        PackedDriver.MatMul(w, x, y, tileStart, tileEnd, BodyQ4(), default);

    /// <inheritdoc/>
    public override void MatMulDense(in DenseMatrix w, in FloatMatrix x, in FloatMatrix y, int rowStart, int rowEnd) =>
        DenseDriver.MatMul(w, x, y, rowStart, rowEnd, Dense);

    /// <inheritdoc/>
    public override void MatMulBlocks(
        in DenseMatrix w, in QuantizedRows x, in FloatMatrix y, int rowStart, int rowEnd) =>
        BlockDriver.MatMul(w, x, y, rowStart, rowEnd, Blocks(w.Type));

    /// <inheritdoc/>
    public override void DequantizeRow(in DenseMatrix w, int row, Span<float> y)
    {
        Debug.Assert((uint)row < (uint)w.Rows && y.Length >= w.Cols, "Row outside the matrix.");
        fixed (float* output = y)
        {
            DequantizeDriver.Row(w.Type, w.Row(row), w.Cols, output);
        }
    }

    /// <inheritdoc/>
    public override void RmsNorm(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float epsilon, Span<float> y)
    {
        Debug.Assert(weight.Length == x.Length && y.Length >= x.Length, "One weight per element.");
        fixed (float* input = x, factors = weight, output = y)
        {
            float squares = Vector128FloatBodies.SumOfSquares(input, x.Length);
            float inverse = 1f / MathF.Sqrt((squares / x.Length) + epsilon);
            Vector128FloatBodies.ScaleBy(input, factors, inverse, x.Length, output);
        }
    }

    /// <inheritdoc/>
    public override void Rotary(
        Span<float> heads, int headDim, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin, bool interleaved)
    {
        Debug.Assert(headDim % 2 == 0 && heads.Length % headDim == 0, "Whole heads of whole pairs.");
        fixed (float* data = heads, cosines = cos, sines = sin)
        {
            for (int start = 0; start < heads.Length; start += headDim)
            {
                if (interleaved)
                {
                    Vector128FloatBodies.RotateNeighbours(data + start, headDim / 2, cosines, sines);
                }
                else
                {
                    Vector128FloatBodies.RotateHalves(data + start, headDim / 2, cosines, sines);
                }
            }
        }
    }

    /// <inheritdoc/>
    public override void SwiGlu(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y)
    {
        Debug.Assert(up.Length == gate.Length && y.Length >= gate.Length, "Three vectors of one length.");
        fixed (float* gates = gate, ups = up, output = y)
        {
            Vector128FloatBodies.SwiGlu(gates, ups, gate.Length, output);
        }
    }

    /// <inheritdoc/>
    public override void GeGlu(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y)
    {
        Debug.Assert(up.Length == gate.Length && y.Length >= gate.Length, "Three vectors of one length.");
        fixed (float* gates = gate, ups = up, output = y)
        {
            Vector128FloatBodies.GeGlu(gates, ups, gate.Length, output);
        }
    }

    /// <inheritdoc/>
    public override void SoftCap(Span<float> x, float cap)
    {
        fixed (float* data = x)
        {
            Vector128FloatBodies.SoftCap(data, x.Length, cap);
        }
    }

    /// <inheritdoc/>
    public override void Softmax(Span<float> x)
    {
        fixed (float* data = x)
        {
            float sum = Vector128FloatBodies.Exponentials(data, x.Length, Vector128FloatBodies.Max(data, x.Length));
            Vector128FloatBodies.Multiply(data, 1f / sum, x.Length);
        }
    }

    /// <inheritdoc/>
    public override void Add(Span<float> y, ReadOnlySpan<float> x)
    {
        Debug.Assert(y.Length == x.Length, "Two vectors of one length.");
        fixed (float* output = y, input = x)
        {
            Vector128FloatBodies.Add(output, input, x.Length);
        }
    }

    /// <inheritdoc/>
    public override void AddScaled(Span<float> y, ReadOnlySpan<float> x, float scale)
    {
        Debug.Assert(y.Length == x.Length, "Two vectors of one length.");
        fixed (float* output = y, input = x)
        {
            Vector128FloatBodies.AddScaled(output, input, scale, x.Length, IsFused);
        }
    }

    /// <inheritdoc/>
    public override float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        Debug.Assert(a.Length == b.Length, "Two vectors of one length.");
        float* sums = stackalloc float[8];
        fixed (float* first = a, second = b)
        {
            // The same row four times and the same token twice: the first of eight equal sums.
            if (IsFused)
            {
                Vector128FloatBodies.Dot4x2(first, 0, second, 0, a.Length, sums);
            }
            else
            {
                Vector128FloatBodies.Dot4x2Split(first, 0, second, 0, a.Length, sums);
            }
        }

        return sums[0];
    }

    /// <inheritdoc/>
    public override bool StoreKey(ReadOnlySpan<float> x, in KeyRows keys, int row) =>
        keys.Format == KvFormat.F32 || keys.Cols > AttentionDriver.HeadDimMax
            ? base.StoreKey(x, keys, row)
            : CacheDriver.StoreKey(x, keys, row);

    /// <inheritdoc/>
    public override bool StoreValue(ReadOnlySpan<float> x, in ValueRows values, int row) =>
        values.Format == KvFormat.F32 ? base.StoreValue(x, values, row) : CacheDriver.StoreValue(x, values, row);

    /// <inheritdoc/>
    public override void AttentionScores(
        in FloatMatrix queries,
        in KeyRows keys,
        int count,
        float scale,
        in QuantizedRows quantized,
        in FloatMatrix scores)
    {
        if (keys.Format == KvFormat.Q8 || keys.Cols > AttentionDriver.HeadDimMax)
        {
            base.AttentionScores(queries, keys, count, scale, quantized, scores);
            return;
        }

        AttentionDriver.Scores(queries, keys, count, scale, scores, Attention);
    }

    /// <inheritdoc/>
    public override void AttentionMixColumns(
        in FloatMatrix weights, in ValueRows values, int count, in FloatMatrix output, bool accumulate, int start,
        int cols)
    {
        if (values.Cols > AttentionDriver.HeadDimMax)
        {
            base.AttentionMixColumns(weights, values, count, output, accumulate, start, cols);
            return;
        }

        AttentionMixDriver.Mix(weights, values, count, output, accumulate, start, cols, Attention);
    }

    /// <inheritdoc/>
    public override void Retention(
        in FloatMatrix state,
        float decay,
        in FloatMatrix queries,
        in FloatMatrix keys,
        in FloatMatrix values,
        in FloatMatrix output) =>
        RetentionDriver.Run(
            state, decay, queries, keys, values, output, IsFused,
            IsFused ? &Vector128RetentionBodies.Block : &Vector128RetentionBodies.BlockSplit);

    /// <inheritdoc/>
    public override ulong ReadBytes(ReadOnlySpan<byte> bytes)
    {
        int blockCount = bytes.Length / BlockBytes;
        fixed (byte* data = bytes)
        {
            ulong blocks = Vector128FloatBodies.ReadBlocks(data, blockCount);
            return blocks ^ base.ReadBytes(bytes[(blockCount * BlockBytes)..]);
        }
    }

    private delegate*<byte*, ushort*, sbyte*, float*, int*, int, int, float*, void> BodyQ8() =>
        IsFused ? &Vector128PackedBodies.MatVecQ8 : &Vector128PackedBodies.MatVecQ8Split;

    private delegate*<byte*, ushort*, sbyte*, float*, int*, int, int, float*, void> BodyQ4() =>
        IsFused ? &Vector128PackedBodies.MatVecQ4 : &Vector128PackedBodies.MatVecQ4Split;
}
