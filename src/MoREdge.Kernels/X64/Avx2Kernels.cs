using System.Diagnostics;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>AVX2 with FMA: every x64 server and desktop processor since 2013 (Haswell) and 2017 (Zen).</summary>
internal unsafe class Avx2Kernels() : Vector128Kernels(isFused: true)
{
    private const int BlockBytes = 32;

    /// <inheritdoc/>
    public override string Name => "avx2";

    internal override int TokenBlockQ8 => Avx2MatMulQ8.Tokens;

    internal override AttentionBodies Attention =>
        new(&Avx2ScoreBodies.Scores, &Avx2MixBodies.Mix, &Avx2CacheBodies.LoadHalf, &Avx2CacheBodies.Quants);

    internal override DenseBodies Dense => new(
        &Avx2FloatBodies.Dot4x2,
        &Avx2FloatBodies.Dot4x3,
        &Avx2CacheBodies.LoadHalf,
        &Avx2DenseBodies.Single,
        &Avx2DenseBodies.Half,
        &Avx2DenseBodies.BFloat16,
        &Avx2DenseBodies.Ask);

    /// <summary>Whether many tokens meet blocks with AVX-VNNI's instruction.</summary>
    internal virtual bool HasDot => false;

    internal override BlockBodies Blocks(ElementType type) => Blocks<WithoutDot>(type);

    /// <summary>The bodies for a type, with AVX-VNNI's dot product or without.</summary>
    private protected static BlockBodies Blocks<TDot>(ElementType type)
        where TDot : unmanaged, IDotProduct => type switch
        {
            // A lone token is 1.05 times as fast with signs turned as with weights made unsigned for AVX-VNNI.
            ElementType.Q8_0 => Blocks<Q8Blocks, TDot>(&Avx2BlockRows.One<Q8Blocks, WithoutDot>),
            ElementType.Q4_0 => Blocks<Q4Blocks, TDot>(&Avx2BlockRows.One<Q4Blocks, TDot>),
            ElementType.Q4_1 => Blocks<Q4MinimumBlocks, TDot>(&Avx2BlockRows.One<Q4MinimumBlocks, TDot>),
            ElementType.Q5_0 => Blocks<Q5Blocks, TDot>(&Avx2BlockRows.One<Q5Blocks, TDot>),
            ElementType.Q5_1 => Blocks<Q5MinimumBlocks, TDot>(&Avx2BlockRows.One<Q5MinimumBlocks, TDot>),
            ElementType.Q4_K => Blocks<Q4KBlocks, TDot>(&Avx2BlockRows.One<Q4KBlocks, TDot>),
            ElementType.Q5_K => Blocks<Q5KBlocks, TDot>(&Avx2BlockRows.One<Q5KBlocks, TDot>),
            ElementType.Q6_K => Blocks<Q6KBlocks, TDot>(&Avx2SixRows.One<TDot>, inOrder: true),
            _ => throw PortableBlocks.NoBlocks(type),
        };

    private static BlockBodies Blocks<TType, TDot>(
        delegate*<byte*, long, int, int, byte*, float*, bool> one, bool inOrder = false)
        where TType : unmanaged, IBlockType
        where TDot : unmanaged, IDotProduct => new(
            &Avx2BlockRows.Unpack<TType>,
            &Avx2BlockBodies.Products<TType, TDot>,
            one,
            &Avx2BlockTokens.Few<TType, TDot>,
            inOrder);

    // SAFETY: throughout this class, the drivers hand the bodies whole tiles, groups and rows of the views; spans are
    // pinned while a body reads them, and the asserted lengths are the callers' promise.

    /// <inheritdoc/>
    public override void QuantizeRows(in FloatMatrix x, in QuantizedRows q) =>
        QuantizeDriver.Rows(x, q, &Avx2FloatBodies.QuantizeGroup);

    /// <inheritdoc/>
    public override void MatVecQ8(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
        PackedDriver.MatVec(w, x, y, tileStart, tileEnd, &Avx2MatVec.Q8);

    /// <inheritdoc/>
    public override void MatVecQ4(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
        PackedDriver.MatVec(w, x, y, tileStart, tileEnd, &Avx2MatVec.Q4);

    /// <inheritdoc/>
    public override void MatMulQ8(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd)
    {
        if (x.Rows >= Avx2WideDriver.TokensMin)
        {
            int whole = Math.Min(tileEnd, w.Layout.Rows / PackedLayout.TileRows);
            int paired = Math.Max(0, whole - tileStart) / Avx2WideBodies.TilesPerBlock * Avx2WideBodies.TilesPerBlock;
            Avx2WideDriver.MatMul(w, x, y, tileStart, tileStart + paired);
            tileStart += paired;
        }

        PackedDriver.MatMul(
            w,
            x,
            y,
            tileStart,
            tileEnd,
            &Avx2MatVec.Q8,
            x.Rows switch
            {
                2 => new PackedBlock(Avx2FewTokens.TilesPerCall, 2, &Avx2FewTokens.TwoQ8),
                Avx2MatMulQ8.Tokens or 2 * Avx2MatMulQ8.Tokens =>
                    new PackedBlock(Avx2MatMulQ8.Tiles, Avx2MatMulQ8.Tokens, &Avx2MatMulQ8.Three),
                _ => new PackedBlock(1, PackedDriver.TokenBlock, &Avx2MatMulQ8.Four),
            });
    }

    /// <inheritdoc/>
    public override void MatMulQ4(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
        PackedDriver.MatMul(
            w,
            x,
            y,
            tileStart,
            tileEnd,
            &Avx2MatVec.Q4,
            x.Rows switch
            {
                2 => new PackedBlock(Avx2FewTokens.TilesPerCall, 2, &Avx2FewTokens.TwoQ4),
                3 or 6 => new PackedBlock(Avx2FewTokens.TilesPerCall, 3, &Avx2FewTokens.ThreeQ4),
                _ => new PackedBlock(2, 4, &Avx2MatMulQ4.Block),
            });

    /// <inheritdoc/>
    public override void MatMulBlocks(
        in DenseMatrix w, in QuantizedRows x, in FloatMatrix y, int rowStart, int rowEnd)
    {
        if (x.Rows >= Avx2WideDriver.TokensMin && Avx2TileDriver.Fits(w.Cols))
        {
            int paired = (rowEnd - rowStart) / Avx2WideBodies.RowsPerBlock * Avx2WideBodies.RowsPerBlock;
            Avx2TileDriver.MatMul(w, x, y, rowStart, rowStart + paired, Blocks(w.Type), HasDot);
            rowStart += paired;
        }

        base.MatMulBlocks(w, x, y, rowStart, rowEnd);
    }

    /// <inheritdoc/>
    public override void SwiGlu(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y)
    {
        Debug.Assert(up.Length == gate.Length && y.Length >= gate.Length, "Three vectors of one length.");
        fixed (float* gates = gate, ups = up, output = y)
        {
            Avx2ExponentialBodies.SwiGlu(gates, ups, gate.Length, output);
        }
    }

    /// <inheritdoc/>
    public override void GeGlu(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y)
    {
        Debug.Assert(up.Length == gate.Length && y.Length >= gate.Length, "Three vectors of one length.");
        fixed (float* gates = gate, ups = up, output = y)
        {
            Avx2ExponentialBodies.GeGlu(gates, ups, gate.Length, output);
        }
    }

    /// <inheritdoc/>
    public override void SoftCap(Span<float> x, float cap)
    {
        fixed (float* data = x)
        {
            Avx2ExponentialBodies.SoftCap(data, x.Length, cap);
        }
    }

    /// <inheritdoc/>
    public override void Softmax(Span<float> x)
    {
        fixed (float* data = x)
        {
            Avx2ExponentialBodies.Softmax(data, x.Length);
        }
    }

    /// <inheritdoc/>
    public override float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        Debug.Assert(a.Length == b.Length, "Two vectors of one length.");
        float* sums = stackalloc float[8];
        fixed (float* first = a, second = b)
        {
            Avx2FloatBodies.Dot4x2(first, 0, second, 0, a.Length, sums);
        }

        return sums[0];
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
            state, decay, queries, keys, values, output, isFused: true, &Avx2RetentionBodies.Block);

    /// <inheritdoc/>
    public override ulong ReadBytes(ReadOnlySpan<byte> bytes)
    {
        int blockCount = bytes.Length / BlockBytes;
        fixed (byte* data = bytes)
        {
            return Avx2FloatBodies.ReadBlocks(data, blockCount) ^ base.ReadBytes(bytes[(blockCount * BlockBytes)..]);
        }
    }
}
