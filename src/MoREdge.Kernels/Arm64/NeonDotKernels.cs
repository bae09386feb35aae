using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>NEON with the ARMv8.2 dot product: Cortex-A76 and later, that is Raspberry Pi 5 and Jetson Orin.</summary>
internal sealed unsafe class NeonDotKernels : NeonKernels
{
    /// <inheritdoc/>
    public override string Name => "neon-dot";

    internal override BlockBodies Blocks(ElementType type) => new(
        PortableBlocks.Unpack(type),
        type switch
        {
            ElementType.Q8_0 => &NeonBlockBodies.DotSigned,
            ElementType.Q4_0 => &NeonBlockBodies.DotFour,
            ElementType.Q5_0 => &NeonBlockBodies.DotFive,
            ElementType.Q6_K => &NeonBlockBodies.DotSix,
            _ => &NeonBlockBodies.DotMinimum,
        },
        null);

    // SAFETY: throughout this class as in NeonKernels.

    /// <inheritdoc/>
    public override void MatVecQ8(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
        PackedDriver.MatVec(w, x, y, tileStart, tileEnd, &NeonDotMatVec.Q8);

    /// <inheritdoc/>
    public override void MatVecQ4(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
        PackedDriver.MatVec(w, x, y, tileStart, tileEnd, &NeonDotMatVec.Q4);

    /// <inheritdoc/>
    public override void MatMulQ8(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
        PackedPanelDriver.MatMul(w, x, y, tileStart, tileEnd, &NeonDotMatVec.Q8, &NeonDotMatMul.Q8);

    /// <inheritdoc/>
    public override void MatMulQ4(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
        PackedPanelDriver.MatMul(w, x, y, tileStart, tileEnd, &NeonDotMatVec.Q4, &NeonDotMatMul.Q4);
}
