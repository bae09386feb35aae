using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>
/// AVX2 with the VEX-encoded dot product of bytes (AVX-VNNI: Intel since Alder Lake, AMD since Zen 5).
/// </summary>
internal sealed unsafe class AvxVnniKernels : Avx2Kernels
{
    /// <inheritdoc/>
    public override string Name => "avx-vnni";

    internal override bool HasDot => true;

    internal override BlockBodies Blocks(ElementType type) => Blocks<WithDot>(type);

    // SAFETY: in all four, the driver hands the bodies whole tiles and groups of the views.

    /// <inheritdoc/>
    public override void MatVecQ8(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
        PackedDriver.MatVec(w, x, y, tileStart, tileEnd, &AvxVnniMatVec.Q8);

    /// <inheritdoc/>
    public override void MatVecQ4(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
        PackedDriver.MatVec(w, x, y, tileStart, tileEnd, &AvxVnniMatVec.Q4);

    /// <inheritdoc/>
    public override void MatMulQ8(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd)
    {
        tileStart = ManyTokens(w, x, y, tileStart, tileEnd);
        PackedDriver.MatMul(
            w,
            x,
            y,
            tileStart,
            tileEnd,
            &AvxVnniMatVec.Q8,
            x.Rows switch
            {
                2 => new PackedBlock(Avx2FewTokens.TilesPerCall, 2, &AvxVnniFewTokens.TwoQ8),
                Avx2MatMulQ8.Tokens or 2 * Avx2MatMulQ8.Tokens =>
                    new PackedBlock(Avx2MatMulQ8.Tiles, Avx2MatMulQ8.Tokens, &AvxVnniFewTokens.ThreeQ8),
                _ => new PackedBlock(2, 4, &AvxVnniMatMul.Q8),
            });
    }

    /// <inheritdoc/>
    public override void MatMulQ4(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd)
    {
        tileStart = ManyTokens(w, x, y, tileStart, tileEnd);
        PackedDriver.MatMul(
            w,
            x,
            y,
            tileStart,
            tileEnd,
            &AvxVnniMatVec.Q4,
            x.Rows switch
            {
                2 => new PackedBlock(Avx2FewTokens.TilesPerCall, 2, &AvxVnniFewTokens.TwoQ4),
                3 or 6 => new PackedBlock(Avx2FewTokens.TilesPerCall, 3, &AvxVnniFewTokens.ThreeQ4),
                _ => new PackedBlock(2, 4, &AvxVnniMatMul.Q4),
            });
    }

    // The whole tiles, if there are many tokens; what is left begins at the tile that is returned.
    private static int ManyTokens(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd)
    {
        int whole = Math.Min(tileEnd, w.Layout.Rows / PackedLayout.TileRows);
        if (!AvxVnniManyTokens.Suits(x.Rows, x.GroupCount) || whole - tileStart < Avx2WideBodies.TilesPerBlock)
        {
            return tileStart;
        }

        AvxVnniManyTokens.MatMul(w, x, y, tileStart, whole);
        return whole;
    }
}
