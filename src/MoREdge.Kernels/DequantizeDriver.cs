using System.Runtime.CompilerServices;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>Chooses the dequantization body for the type of a row-major matrix.</summary>
/// <remarks>SAFETY: pointers only; a row holds at least col + count elements, and col starts a block.</remarks>
internal static unsafe class DequantizeDriver
{
    /// <summary>Writes columns [col, col + count) of the row at <paramref name="row"/> as float32, exactly.</summary>
    /// <exception cref="ArgumentException">A type that has to be converted before it can run.</exception>
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
            case ElementType.Q8_0:
                DequantizeBodies.BlocksQ8(row + ((long)col / DenseBlock.Length * DenseBlock.BytesQ8), count, y);
                break;
            case ElementType.Q4_0:
                DequantizeBodies.BlocksQ4(row + ((long)col / DenseBlock.Length * DenseBlock.BytesQ4), count, y);
                break;
            default:
                throw new ArgumentException($"Weights of type {type} do not run directly; convert them first.");
        }
    }
}
