using System.Buffers;
using MoREdge.Checkpoints.Dequantization;
using MoREdge.Tensors;

namespace MoREdge.Checkpoints;

/// <summary>
/// A tensor whose rows lie one after another in a file, in a type <see cref="ElementDecoder"/> decodes.
/// </summary>
internal sealed class StoredTensor : TensorData
{
    /// <summary>Bytes read from the file at once: large enough to stream, small enough to stay in the cache.</summary>
    private const int ChunkBytes = 1 << 18;

    private readonly WeightFile _file;
    private readonly long _offset;

    /// <summary>
    /// Views the tensor at byte <paramref name="offset"/>; the caller has checked that it lies in the file.
    /// </summary>
    public StoredTensor(WeightFile file, long offset, string name, TensorShape shape, ElementType type)
        : base(name, shape, type)
    {
        _file = file;
        _offset = offset;
    }

    private long ByteCount => checked(ElementTypes.RowBytes(Type, Shape.Cols) * Shape.Rows);

    /// <inheritdoc/>
    public override void ReadRows(long rowStart, int rowCount, Span<float> destination)
    {
        AssertRange(rowStart, rowCount, destination);
        int blockLength = ElementTypes.BlockLength(Type);
        int blockBytes = ElementTypes.BlockBytes(Type);
        int chunkBlocks = ChunkBytes / blockBytes;
        long offset = _offset + (rowStart * ElementTypes.RowBytes(Type, Shape.Cols));
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            while (!destination.IsEmpty)
            {
                int blocks = Math.Min(chunkBlocks, destination.Length / blockLength);
                Span<byte> bytes = buffer.AsSpan(0, blocks * blockBytes);
                _file.Read(offset, bytes);
                ElementDecoder.Decode(Type, bytes, destination[..(blocks * blockLength)]);
                offset += bytes.Length;
                destination = destination[(blocks * blockLength)..];
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>
    /// True when both hold the same bytes of the same type and shape; shared storage is not read at all.
    /// </summary>
    public bool HasSameBytes(StoredTensor other)
    {
        if (Type != other.Type || Shape != other.Shape)
        {
            return false;
        }

        if (ReferenceEquals(_file, other._file) && _offset == other._offset)
        {
            return true;
        }

        byte[] left = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        byte[] right = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            long byteCount = ByteCount;
            for (long done = 0; done < byteCount; done += ChunkBytes)
            {
                int count = (int)Math.Min(ChunkBytes, byteCount - done);
                _file.Read(_offset + done, left.AsSpan(0, count));
                other._file.Read(other._offset + done, right.AsSpan(0, count));
                if (!left.AsSpan(0, count).SequenceEqual(right.AsSpan(0, count)))
                {
                    return false;
                }
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(left);
            ArrayPool<byte>.Shared.Return(right);
        }
    }
}
