using System.Buffers;
using System.Runtime.InteropServices;
using MoREdge.Tensors;

namespace MoREdge.Checkpoints.Llama2c;

/// <summary>A version 2 matrix: all int8 weights, then one float32 scale per group of consecutive weights.</summary>
internal sealed class Llama2cQ8Tensor : TensorData
{
    private const int ChunkWeights = 1 << 16;

    private readonly WeightFile _file;
    private readonly long _quantOffset;
    private readonly long _scaleOffset;
    private readonly int _groupSize;

    /// <summary>Views the weights at <paramref name="offset"/>; scales follow them.</summary>
    public Llama2cQ8Tensor(WeightFile file, long offset, string name, TensorShape shape, int groupSize)
        : base(name, shape, ElementType.I8)
    {
        _file = file;
        _quantOffset = offset;
        _scaleOffset = offset + shape.ElementCount;
        _groupSize = groupSize;
    }

    /// <inheritdoc/>
    public override void ReadRows(long rowStart, int rowCount, Span<float> destination)
    {
        AssertRange(rowStart, rowCount, destination);
        byte[] quants = ArrayPool<byte>.Shared.Rent(ChunkWeights);
        byte[] scales = ArrayPool<byte>.Shared.Rent((ChunkWeights + 1) * sizeof(float));
        try
        {
            long index = rowStart * Shape.Cols;
            while (!destination.IsEmpty)
            {
                int count = Math.Min(ChunkWeights, destination.Length);
                ReadChunk(index, destination[..count], quants.AsSpan(0, count), scales);
                index += count;
                destination = destination[count..];
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(quants);
            ArrayPool<byte>.Shared.Return(scales);
        }
    }

    /// <summary>Groups run through the whole matrix, so a chunk may begin inside one.</summary>
    private void ReadChunk(long index, Span<float> destination, Span<byte> quants, Span<byte> scaleBytes)
    {
        long firstGroup = index / _groupSize;
        int groupCount = (int)(((index + destination.Length - 1) / _groupSize) - firstGroup + 1);
        scaleBytes = scaleBytes[..(groupCount * sizeof(float))];
        _file.Read(_quantOffset + index, quants);
        _file.Read(_scaleOffset + (firstGroup * sizeof(float)), scaleBytes);
        ReadOnlySpan<float> scales = MemoryMarshal.Cast<byte, float>(scaleBytes);
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = scales[(int)(((index + i) / _groupSize) - firstGroup)] * (sbyte)quants[i];
        }
    }
}
