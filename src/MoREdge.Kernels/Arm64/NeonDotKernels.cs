using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>NEON with the ARMv8.2 dot product: Cortex-A76 and later, that is Raspberry Pi 5 and Jetson Orin.</summary>
internal sealed unsafe class NeonDotKernels : NeonKernels
{
    /// <inheritdoc/>
    public override string Name => "neon-dot";

    internal override BlockBodies Blocks(ElementType type) => Blocks<WithDot>(type);

    // SAFETY: throughout this class as in NeonKernels.

    /// <inheritdoc/>
    public override void MatMulBlocks(
        in DenseMatrix w, in QuantizedRows x, in FloatMatrix y, int rowStart, int rowEnd)
    {
        if (x.Rows >= BlockPanelDriver.TileTokensMin && BlockPanelDriver.Fits(w.Cols))
        {
            int whole = (rowEnd - rowStart) / PackedLayout.TileRows * PackedLayout.TileRows;
            BlockPanelDriver.MatMul(
                w, x, y, rowStart, rowStart + whole, Unpack(w.Type), &NeonTurn.Tile, Tile(w.Type));
            rowStart += whole;
        }

        base.MatMulBlocks(w, x, y, rowStart, rowEnd);
    }

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

    private static delegate*<byte*, float*, byte*, int, float*, void> Tile(ElementType type) => type switch
    {
        ElementType.Q8_0 => &NeonDotTiles.Chunk<Q8Format>,
        ElementType.Q4_0 => &NeonDotTiles.Chunk<Q4Format>,
        ElementType.Q5_0 => &NeonDotTiles.Chunk<Q5Format>,
        ElementType.Q6_K => &NeonDotTiles.ChunkSix,
        _ => &NeonDotTiles.Chunk<Q4MinimumFormat>,
    };
}
