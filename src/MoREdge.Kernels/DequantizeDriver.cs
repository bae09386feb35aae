using System.Runtime.CompilerServices;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>Chooses the dequantization body for the type of a row-major matrix.</summary>
/// <remarks>SAFETY: pointers only; a row holds at least col + count elements, and col starts a block.</remarks>
internal static unsafe class DequantizeDriver
{
    // Chunks unpacked at a time.
    private const int PieceChunks = 4;

    /// <summary>Writes the row of cols elements at <paramref name="row"/> as float32, exactly.</summary>
    /// <exception cref="ArgumentException">A type of no weights.</exception>
    internal static void Row(ElementType type, byte* row, int cols, float* y)
    {
        if (ElementTypes.BlockLength(type) == 1)
        {
            Columns(type, row, 0, cols, y);
        }
        else
        {
            Blocks(type, row, cols, y);
        }
    }

    /// <summary>Writes columns [col, col + count) of the row at <paramref name="row"/> as float32, exactly.</summary>
    /// <exception cref="ArgumentException">A type of blocks, or of no weights.</exception>
    internal static void Columns(ElementType type, byte* row, int col, int count, float* y)
    {
        switch (type)
        {
            case ElementType.F32:
                Unsafe.CopyBlockUnaligned(y, row + ((long)col * sizeof(float)), checked((uint)count * sizeof(float)));
                break;
            case ElementType.F16:
                DequantizeBodies.Half((ushort*)row + col, count, y);
                break;
            case ElementType.BF16:
                DequantizeBodies.BFloat16((ushort*)row + col, count, y);
                break;
            default:
                throw new ArgumentException($"Weights of type {type} are not plain floats.");
        }
    }

    [SkipLocalsInit]
    private static void Blocks(ElementType type, byte* row, int cols, float* y)
    {
        delegate*<byte*, int, byte*, float*, void> unpack = PortableBlocks.Unpack(type);
        byte* quants = stackalloc byte[PieceChunks * BlockLayout.Quants];
        float* factors = stackalloc float[PieceChunks * BlockLayout.Factors];
        int groupCount = cols / DenseBlock.Length;
        for (int first = 0; first < groupCount; first += PieceChunks * BlockLayout.Groups)
        {
            // SAFETY: a piece is whole chunks of the row, or what is left of it.
            int groups = Math.Min(PieceChunks * BlockLayout.Groups, groupCount - first);
            long at = (long)first * DenseBlock.Length / ElementTypes.BlockLength(type) * ElementTypes.BlockBytes(type);
            unpack(row + at, groups, quants, factors);
            for (int group = 0; group < groups; group++)
            {
                byte* source = quants + BlockLayout.Offset(group);
                float* factor = factors + (group / BlockLayout.Groups * BlockLayout.Factors);
                factor += group % BlockLayout.Groups;
                switch (type)
                {
                    case ElementType.Q6_K:
                        float second = factor[BlockLayout.Groups];
                        DequantizeBodies.Group(source, *factor, second, DenseBlock.Q6ZeroPoint, y);
                        break;
                    case ElementType.Q8_0:
                        DequantizeBodies.Group(source, *factor, *factor, 0, y);
                        break;
                    case ElementType.Q4_0:
                        DequantizeBodies.Group(source, *factor, *factor, PackedLayout.Q4ZeroPoint, y);
                        break;
                    case ElementType.Q5_0:
                        DequantizeBodies.Group(source, *factor, *factor, DenseBlock.Q5ZeroPoint, y);
                        break;
                    default:
                        DequantizeBodies.GroupWithMinimum(source, *factor, factor[BlockLayout.Groups], y);
                        break;
                }

                y += DenseBlock.Length;
            }
        }
    }
}
