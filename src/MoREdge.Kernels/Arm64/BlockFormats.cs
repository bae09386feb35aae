using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>
/// A type of blocks as a type parameter: each body is compiled for its constants, and large enough itself for the
/// compiler to inline all of its parts. The constants are the bits of the type's size: .NET 9's compiler knows a size
/// when it decides what to inline, the value of a property only afterwards, and then leaves calls in the loop.
/// </summary>
// SAFETY: pointers only, passed on to a body. No value of such a type is ever made.
internal unsafe interface IBlockFormat
{
    /// <summary>Unpacks groups of a row by the portable body, which knows any float16 and any number of them.</summary>
    static abstract void Unpack(byte* blocks, int groups, byte* quants, float* factors);
}

/// <summary>What the bits of the size of a type of blocks say.</summary>
internal static class FormatSize
{
    /// <summary>Bytes of a block.</summary>
    internal const int Block = 0xFF;

    /// <summary>Bits of a quant: Four, Five, Six or Eight.</summary>
    internal const int Quant = 0xF00;

    /// <summary>Quants of four bits.</summary>
    internal const int Four = 0x400;

    /// <summary>Quants of five bits.</summary>
    internal const int Five = 0x500;

    /// <summary>Quants of six bits, which are no type parameter.</summary>
    internal const int Six = 0x600;

    /// <summary>Quants of eight bits.</summary>
    internal const int Eight = 0x800;

    /// <summary>Set where weights have a minimum.</summary>
    internal const int HasMinimum = 0x1000;

    /// <summary>What a quant is stored above: the highest bits.</summary>
    internal const int ZeroPoint = 0x1F << ZeroPointShift;

    /// <summary>Bits below the zero point.</summary>
    internal const int ZeroPointShift = 13;

    /// <summary>The zero point of Q4_0.</summary>
    internal const int ZeroPointQ4 = PackedLayout.Q4ZeroPoint << ZeroPointShift;

    /// <summary>The zero point of Q5_0.</summary>
    internal const int ZeroPointQ5 = DenseBlock.Q5ZeroPoint << ZeroPointShift;

    /// <summary>Bytes of a chunk of eight groups.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int ChunkBytes(int size) => (size & Block) >= DenseBlock.BytesQ4K
        ? size & Block
        : BlockLayout.Groups * (size & Block);
}

/// <summary>Q8_0.</summary>
[StructLayout(LayoutKind.Sequential, Size = DenseBlock.BytesQ8 + FormatSize.Eight)]
internal readonly unsafe struct Q8Format : IBlockFormat
{
    /// <inheritdoc/>
    public static void Unpack(byte* blocks, int groups, byte* quants, float* factors) =>
        UnpackBodies.Q8(blocks, groups, quants, factors);
}

/// <summary>Q4_0.</summary>
[StructLayout(LayoutKind.Sequential, Size = DenseBlock.BytesQ4 + FormatSize.Four + FormatSize.ZeroPointQ4)]
internal readonly unsafe struct Q4Format : IBlockFormat
{
    /// <inheritdoc/>
    public static void Unpack(byte* blocks, int groups, byte* quants, float* factors) =>
        UnpackBodies.Q4(blocks, groups, quants, factors);
}

/// <summary>Q4_1.</summary>
[StructLayout(LayoutKind.Sequential, Size = DenseBlock.BytesQ4Minimum + FormatSize.Four + FormatSize.HasMinimum)]
internal readonly unsafe struct Q4MinimumFormat : IBlockFormat
{
    /// <inheritdoc/>
    public static void Unpack(byte* blocks, int groups, byte* quants, float* factors) =>
        UnpackBodies.Q4Minimum(blocks, groups, quants, factors);
}

/// <summary>Q5_0.</summary>
[StructLayout(LayoutKind.Sequential, Size = DenseBlock.BytesQ5 + FormatSize.Five + FormatSize.ZeroPointQ5)]
internal readonly unsafe struct Q5Format : IBlockFormat
{
    /// <inheritdoc/>
    public static void Unpack(byte* blocks, int groups, byte* quants, float* factors) =>
        UnpackBodies.Q5(blocks, groups, quants, factors);
}

/// <summary>Q5_1.</summary>
[StructLayout(LayoutKind.Sequential, Size = DenseBlock.BytesQ5Minimum + FormatSize.Five + FormatSize.HasMinimum)]
internal readonly unsafe struct Q5MinimumFormat : IBlockFormat
{
    /// <inheritdoc/>
    public static void Unpack(byte* blocks, int groups, byte* quants, float* factors) =>
        UnpackBodies.Q5Minimum(blocks, groups, quants, factors);
}

/// <summary>Q4_K.</summary>
[StructLayout(LayoutKind.Sequential, Size = DenseBlock.BytesQ4K + FormatSize.Four + FormatSize.HasMinimum)]
internal readonly unsafe struct Q4KFormat : IBlockFormat
{
    /// <inheritdoc/>
    public static void Unpack(byte* blocks, int groups, byte* quants, float* factors) =>
        UnpackKBodies.Q4(blocks, groups, quants, factors);
}

/// <summary>Q5_K.</summary>
[StructLayout(LayoutKind.Sequential, Size = DenseBlock.BytesQ5K + FormatSize.Five + FormatSize.HasMinimum)]
internal readonly unsafe struct Q5KFormat : IBlockFormat
{
    /// <inheritdoc/>
    public static void Unpack(byte* blocks, int groups, byte* quants, float* factors) =>
        UnpackKBodies.Q5(blocks, groups, quants, factors);
}
