using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>
/// The constants of a type of blocks, as a type parameter: each body is compiled for them, and large enough itself for
/// the compiler to inline all of its parts.
/// </summary>
// SAFETY: pointers only, passed on to a body.
internal unsafe interface IBlockFormat
{
    /// <summary>Bytes of a block.</summary>
    int BlockBytes { get; }

    /// <summary>Bits of a quant.</summary>
    int Bits { get; }

    /// <summary>What a quant is stored above.</summary>
    int ZeroPoint { get; }

    /// <summary>Whether weights have a minimum.</summary>
    bool HasMinimum { get; }

    /// <summary>Unpacks groups of a row by the portable body, which knows any float16 and any number of them.</summary>
    void Unpack(byte* blocks, int groups, byte* quants, float* factors);
}

/// <summary>Whether a processor has the dot product of ARMv8.2, as a type parameter.</summary>
internal interface IDotProduct
{
    /// <summary>True for sdot.</summary>
    bool IsThere { get; }
}

/// <summary>ARMv8.2.</summary>
internal readonly struct WithDot : IDotProduct
{
    /// <inheritdoc/>
    public bool IsThere => true;
}

/// <summary>ARMv8.0.</summary>
internal readonly struct WithoutDot : IDotProduct
{
    /// <inheritdoc/>
    public bool IsThere => false;
}

/// <summary>Q8_0.</summary>
internal readonly unsafe struct Q8Format : IBlockFormat
{
    /// <inheritdoc/>
    public int BlockBytes => DenseBlock.BytesQ8;

    /// <inheritdoc/>
    public int Bits => 8;

    /// <inheritdoc/>
    public int ZeroPoint => 0;

    /// <inheritdoc/>
    public bool HasMinimum => false;

    /// <inheritdoc/>
    public void Unpack(byte* blocks, int groups, byte* quants, float* factors) =>
        UnpackBodies.Q8(blocks, groups, quants, factors);
}

/// <summary>Q4_0.</summary>
internal readonly unsafe struct Q4Format : IBlockFormat
{
    /// <inheritdoc/>
    public int BlockBytes => DenseBlock.BytesQ4;

    /// <inheritdoc/>
    public int Bits => 4;

    /// <inheritdoc/>
    public int ZeroPoint => PackedLayout.Q4ZeroPoint;

    /// <inheritdoc/>
    public bool HasMinimum => false;

    /// <inheritdoc/>
    public void Unpack(byte* blocks, int groups, byte* quants, float* factors) =>
        UnpackBodies.Q4(blocks, groups, quants, factors);
}

/// <summary>Q4_1.</summary>
internal readonly unsafe struct Q4MinimumFormat : IBlockFormat
{
    /// <inheritdoc/>
    public int BlockBytes => DenseBlock.BytesQ4Minimum;

    /// <inheritdoc/>
    public int Bits => 4;

    /// <inheritdoc/>
    public int ZeroPoint => 0;

    /// <inheritdoc/>
    public bool HasMinimum => true;

    /// <inheritdoc/>
    public void Unpack(byte* blocks, int groups, byte* quants, float* factors) =>
        UnpackBodies.Q4Minimum(blocks, groups, quants, factors);
}

/// <summary>Q5_0.</summary>
internal readonly unsafe struct Q5Format : IBlockFormat
{
    /// <inheritdoc/>
    public int BlockBytes => DenseBlock.BytesQ5;

    /// <inheritdoc/>
    public int Bits => 5;

    /// <inheritdoc/>
    public int ZeroPoint => DenseBlock.Q5ZeroPoint;

    /// <inheritdoc/>
    public bool HasMinimum => false;

    /// <inheritdoc/>
    public void Unpack(byte* blocks, int groups, byte* quants, float* factors) =>
        UnpackBodies.Q5(blocks, groups, quants, factors);
}

/// <summary>Q5_1.</summary>
internal readonly unsafe struct Q5MinimumFormat : IBlockFormat
{
    /// <inheritdoc/>
    public int BlockBytes => DenseBlock.BytesQ5Minimum;

    /// <inheritdoc/>
    public int Bits => 5;

    /// <inheritdoc/>
    public int ZeroPoint => 0;

    /// <inheritdoc/>
    public bool HasMinimum => true;

    /// <inheritdoc/>
    public void Unpack(byte* blocks, int groups, byte* quants, float* factors) =>
        UnpackBodies.Q5Minimum(blocks, groups, quants, factors);
}

/// <summary>Q4_K.</summary>
internal readonly unsafe struct Q4KFormat : IBlockFormat
{
    /// <inheritdoc/>
    public int BlockBytes => DenseBlock.BytesQ4K;

    /// <inheritdoc/>
    public int Bits => 4;

    /// <inheritdoc/>
    public int ZeroPoint => 0;

    /// <inheritdoc/>
    public bool HasMinimum => true;

    /// <inheritdoc/>
    public void Unpack(byte* blocks, int groups, byte* quants, float* factors) =>
        UnpackKBodies.Q4(blocks, groups, quants, factors);
}

/// <summary>Q5_K.</summary>
internal readonly unsafe struct Q5KFormat : IBlockFormat
{
    /// <inheritdoc/>
    public int BlockBytes => DenseBlock.BytesQ5K;

    /// <inheritdoc/>
    public int Bits => 5;

    /// <inheritdoc/>
    public int ZeroPoint => 0;

    /// <inheritdoc/>
    public bool HasMinimum => true;

    /// <inheritdoc/>
    public void Unpack(byte* blocks, int groups, byte* quants, float* factors) =>
        UnpackKBodies.Q5(blocks, groups, quants, factors);
}
