using System.Buffers.Binary;
using System.Runtime.InteropServices;
using MoREdge.Tensors;

namespace MoREdge.Checkpoints.Dequantization;

/// <summary>Turns stored elements into the float32 values they stand for, correctly rounded once.</summary>
internal static class ElementDecoder
{
    /// <summary>True for types that <see cref="Decode"/> reads.</summary>
    public static bool Supports(ElementType type) =>
        type is ElementType.F32 or ElementType.F16 or ElementType.BF16 or ElementType.F64 || IsBlockType(type);

    /// <summary>Decodes whole blocks.</summary>
    /// <param name="type">The element type.</param>
    /// <param name="source">The bytes of a whole number of blocks, little-endian.</param>
    /// <param name="destination">One float per element of those blocks.</param>
    public static void Decode(ElementType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        switch (type)
        {
            case ElementType.F32:
                MemoryMarshal.Cast<byte, float>(source)[..destination.Length].CopyTo(destination);
                break;
            case ElementType.F16:
                DecodeHalf(source, destination);
                break;
            case ElementType.BF16:
                DecodeBFloat16(source, destination);
                break;
            case ElementType.F64:
                DecodeDouble(source, destination);
                break;
            default:
                DecodeBlocks(type, source, destination);
                break;
        }
    }

    /// <summary>The fp16 at the start of <paramref name="source"/>.</summary>
    public static float ReadHalf(ReadOnlySpan<byte> source) => (float)BinaryPrimitives.ReadHalfLittleEndian(source);

    private static bool IsBlockType(ElementType type) =>
        ElementTypes.IsKnown(type) && ElementTypes.BlockLength(type) > 1;

    private static void DecodeHalf(ReadOnlySpan<byte> source, Span<float> destination)
    {
        ReadOnlySpan<Half> values = MemoryMarshal.Cast<byte, Half>(source);
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = (float)values[i];
        }
    }

    private static void DecodeBFloat16(ReadOnlySpan<byte> source, Span<float> destination)
    {
        ReadOnlySpan<ushort> values = MemoryMarshal.Cast<byte, ushort>(source);
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = BitConverter.UInt32BitsToSingle((uint)values[i] << 16);
        }
    }

    private static void DecodeDouble(ReadOnlySpan<byte> source, Span<float> destination)
    {
        ReadOnlySpan<double> values = MemoryMarshal.Cast<byte, double>(source);
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = (float)values[i];
        }
    }

    private static void DecodeBlocks(ElementType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        int blockBytes = ElementTypes.BlockBytes(type);
        int blockLength = ElementTypes.BlockLength(type);
        while (!destination.IsEmpty)
        {
            DecodeBlock(type, source[..blockBytes], destination[..blockLength]);
            source = source[blockBytes..];
            destination = destination[blockLength..];
        }
    }

    private static void DecodeBlock(ElementType type, ReadOnlySpan<byte> block, Span<float> weights)
    {
        switch (type)
        {
            case ElementType.Q4_0:
                SimpleBlocks.DecodeQ4(block, weights);
                break;
            case ElementType.Q4_1:
                SimpleBlocks.DecodeQ4WithMinimum(block, weights);
                break;
            case ElementType.Q5_0:
                SimpleBlocks.DecodeQ5(block, weights);
                break;
            case ElementType.Q5_1:
                SimpleBlocks.DecodeQ5WithMinimum(block, weights);
                break;
            case ElementType.Q8_0:
                SimpleBlocks.DecodeQ8(block, weights);
                break;
            case ElementType.Q4_K:
                KBlocks.DecodeQ4(block, weights);
                break;
            case ElementType.Q5_K:
                KBlocks.DecodeQ5(block, weights);
                break;
            case ElementType.Q6_K:
                KBlocks.DecodeQ6(block, weights);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "Not a type that decodes to floats.");
        }
    }
}
