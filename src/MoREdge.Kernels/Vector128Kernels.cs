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
        PackedDriver.MatMul(w, x, y, tileStart, tileEnd, BodyQ8(), null);

    /// <inheritdoc/>
    public override void MatMulQ4(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
        PackedDriver.MatMul(w, x, y, tileStart, tileEnd, BodyQ4(), null);

    /// <inheritdoc/>
    public override void MatMulDense(in DenseMatrix w, in FloatMatrix x, in FloatMatrix y, int rowStart, int rowEnd) =>
        DenseDriver.MatMul(
            w, x, y, rowStart, rowEnd, IsFused ? &Vector128FloatBodies.Dot4x2 : &Vector128FloatBodies.Dot4x2Split);

    /// <inheritdoc/>
    public override void DequantizeRow(in DenseMatrix w, int row, Span<float> y)
    {
        Debug.Assert((uint)row < (uint)w.Rows && y.Length >= w.Cols, "Row outside the matrix.");
        fixed (float* output = y)
        {
            DequantizeDriver.Columns(w.Type, w.Row(row), 0, w.Cols, output);
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
        if (interleaved)
        {
            // Neighbouring pairs have no portable shuffle worth its cost; a head is a few dozen pairs.
            base.Rotary(heads, headDim, cos, sin, interleaved);
            return;
        }

        fixed (float* data = heads, cosines = cos, sines = sin)
        {
            for (int start = 0; start < heads.Length; start += headDim)
            {
                Vector128FloatBodies.RotateHalves(data + start, headDim / 2, cosines, sines);
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
        float result;
        fixed (float* first = a, second = b)
        {
            // One key of a.Length float32 elements is the same sum.
            Vector128AttentionBodies.Scores(first, (byte*)second, isHalf: false, a.Length, 1, 1f, &result, IsFused);
        }

        return result;
    }

    /// <inheritdoc/>
    public override void StoreKv(ReadOnlySpan<float> x, in KvRows rows, int row)
    {
        Debug.Assert(x.Length == rows.Cols, "One row of the cache.");
        if (rows.Type == ElementType.F32)
        {
            base.StoreKv(x, rows, row);
            return;
        }

        fixed (float* input = x)
        {
            Vector128AttentionBodies.StoreHalf(input, x.Length, (ushort*)rows.Row(row));
        }
    }

    /// <inheritdoc/>
    public override void AttentionScores(
        ReadOnlySpan<float> query, in KvRows keys, int count, float scale, Span<float> scores)
    {
        Debug.Assert(query.Length == keys.Cols && count <= keys.Rows && scores.Length >= count, "One query.");
        bool isHalf = keys.Type == ElementType.F16;
        fixed (float* input = query, output = scores)
        {
            Vector128AttentionBodies.Scores(input, keys.Data, isHalf, keys.Cols, count, scale, output, IsFused);
        }
    }

    /// <inheritdoc/>
    public override void AttentionMix(ReadOnlySpan<float> weights, in KvRows values, int count, Span<float> output)
    {
        Debug.Assert(output.Length == values.Cols && count <= values.Rows && weights.Length >= count, "count values.");
        bool isHalf = values.Type == ElementType.F16;
        fixed (float* factors = weights, result = output)
        {
            Vector128AttentionBodies.Mix(factors, values.Data, isHalf, values.Cols, count, result, IsFused);
        }
    }

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
