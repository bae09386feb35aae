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
