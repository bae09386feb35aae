using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>
/// AVX2 with the VEX-encoded dot product of bytes (AVX-VNNI: Intel since Alder Lake, AMD since Zen 5).
/// </summary>
internal sealed unsafe class AvxVnniKernels : Avx2Kernels
{
    /// <inheritdoc/>
    public override string Name => "avx-vnni";

    internal override int TokenBlockQ8 => PackedDriver.TokenBlock;

    // Tiles of int16 take 74 instructions for what the dot product does in 60 row by row (counted, not measured).
    internal override bool UsesTiles(ElementType type) => type != ElementType.Q8_0;

    internal override BlockBodies Blocks(ElementType type) => type switch
    {
        ElementType.Q8_0 => new(&Avx2BlockRows.UnpackQ8, &AvxVnniBlocks.Signed, &AvxVnniBlocks.OneQ8),
        ElementType.Q4_0 => new(&Avx2BlockRows.UnpackQ4, &AvxVnniBlocks.Four, &AvxVnniBlocks.OneQ4),
        ElementType.Q4_1 => new(
            &Avx2BlockRows.UnpackQ4Minimum, &AvxVnniBlocks.FourMinimum, &AvxVnniBlocks.OneQ4Minimum),
        ElementType.Q5_0 => new(&Avx2BlockRows.UnpackQ5, &AvxVnniBlocks.Five, &AvxVnniBlocks.OneQ5),
        ElementType.Q5_1 => new(
            &Avx2BlockRows.UnpackQ5Minimum, &AvxVnniBlocks.FiveMinimum, &AvxVnniBlocks.OneQ5Minimum),
        ElementType.Q4_K => new(&Avx2BlockRows.UnpackQ4K, &AvxVnniBlocks.FourMinimum, &AvxVnniBlocks.OneQ4K),
        ElementType.Q5_K => new(&Avx2BlockRows.UnpackQ5K, &AvxVnniBlocks.FiveMinimum, &AvxVnniBlocks.OneQ5K),
        ElementType.Q6_K => new(&Avx2BlockRows.UnpackQ6K, &AvxVnniBlocks.Six, &AvxVnniBlocks.OneQ6K, inOrder: true),
        _ => throw PortableBlocks.NoBlocks(type),
    };

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
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
        PackedDriver.MatMul(
            w, x, y, tileStart, tileEnd, &AvxVnniMatVec.Q8, new PackedBlock(2, 4, &AvxVnniMatMul.Q8));

    /// <inheritdoc/>
    public override void MatMulQ4(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
        PackedDriver.MatMul(
            w, x, y, tileStart, tileEnd, &AvxVnniMatVec.Q4, new PackedBlock(2, 4, &AvxVnniMatMul.Q4));
}
