using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>NEON of ARMv8.0: Cortex-A53 and A72, that is Raspberry Pi Zero 2 W, 3 and 4.</summary>
/// <remarks>What is not here compiles to good NEON code from portable vectors and is inherited.</remarks>
internal unsafe class NeonKernels() : Vector128Kernels(isFused: true)
{
    /// <inheritdoc/>
    public override string Name => "neon";

    internal override AttentionBodies Attention => new(
        &NeonAttentionBodies.Scores,
        &NeonAttentionBodies.Mix,
        &Vector128CacheBodies.LoadHalf,
        &Vector128CacheBodies.Quants);

    internal override DenseBodies Dense => new(
        &Vector128FloatBodies.Dot4x2,
        null,
        &Vector128CacheBodies.LoadHalf,
        &NeonDenseBodies.Rows<float>,
        &NeonDenseBodies.Half,
        &NeonDenseBodies.Rows<ushort>,
        null);

    internal override BlockBodies Blocks(ElementType type) => Blocks<WithoutDot>(type);

    // SAFETY: throughout this class, PackedDriver hands the bodies whole tiles and groups of the views, and
    // AttentionDriver whole tiles and rows of the cache.

    /// <inheritdoc/>
    public override void MatVecQ8(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
        PackedDriver.MatVec(w, x, y, tileStart, tileEnd, &NeonMatVec.Q8);

    /// <inheritdoc/>
    public override void MatVecQ4(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
        PackedDriver.MatVec(w, x, y, tileStart, tileEnd, &NeonMatVec.Q4);

    /// <inheritdoc/>
    public override void MatMulQ8(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
        PackedDriver.MatMul(w, x, y, tileStart, tileEnd, &NeonMatVec.Q8, new PackedBlock(1, 4, &NeonMatMul.Q8));

    /// <inheritdoc/>
    public override void MatMulQ4(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
        PackedDriver.MatMul(w, x, y, tileStart, tileEnd, &NeonMatVec.Q4, new PackedBlock(1, 4, &NeonMatMul.Q4));

    /// <summary>The bodies for a type, with the dot product or without.</summary>
    private protected static BlockBodies Blocks<TDot>(ElementType type)
        where TDot : unmanaged, IDotProduct => new(
        Unpack(type),
        type switch
        {
            ElementType.Q8_0 => &NeonBlockBodies.Products<Q8Format, TDot>,
            ElementType.Q4_0 => &NeonBlockBodies.Products<Q4Format, TDot>,
            ElementType.Q5_0 => &NeonBlockBodies.Products<Q5Format, TDot>,
            ElementType.Q6_K => &NeonBlockBodies.Halves<TDot>,
            _ => &NeonBlockBodies.Products<Q4MinimumFormat, TDot>,
        },
        type switch
        {
            ElementType.Q8_0 => &NeonBlockRows.One<Q8Format, TDot>,
            ElementType.Q4_0 => &NeonBlockRows.One<Q4Format, TDot>,
            ElementType.Q4_1 => &NeonBlockRows.One<Q4MinimumFormat, TDot>,
            ElementType.Q5_0 => &NeonBlockRows.One<Q5Format, TDot>,
            ElementType.Q5_1 => &NeonBlockRows.One<Q5MinimumFormat, TDot>,
            ElementType.Q4_K => &NeonBlockRows.One<Q4KFormat, TDot>,
            ElementType.Q5_K => &NeonBlockRows.One<Q5KFormat, TDot>,
            _ => &NeonBlockRows.OneSix<TDot>,
        });

    /// <summary>Unpacks blocks of a type.</summary>
    private protected static delegate*<byte*, int, byte*, float*, void> Unpack(ElementType type) => type switch
    {
        ElementType.Q8_0 => &NeonBlockRows.Unpack<Q8Format>,
        ElementType.Q4_0 => &NeonBlockRows.Unpack<Q4Format>,
        ElementType.Q4_1 => &NeonBlockRows.Unpack<Q4MinimumFormat>,
        ElementType.Q5_0 => &NeonBlockRows.Unpack<Q5Format>,
        ElementType.Q5_1 => &NeonBlockRows.Unpack<Q5MinimumFormat>,
        ElementType.Q4_K => &NeonBlockRows.Unpack<Q4KFormat>,
        ElementType.Q5_K => &NeonBlockRows.Unpack<Q5KFormat>,
        _ => &NeonBlockRows.UnpackSix,
    };
}
