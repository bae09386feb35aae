using MoREdge.Checkpoints.Dequantization;
using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Checkpoints.Gguf;

/// <summary>A tensor of a mapped GGUF file in a type <see cref="ElementDecoder"/> decodes.</summary>
internal sealed class GgufTensorData : TensorData
{
    /// <summary>Bytes decoded at once; a view of the map, so nothing is copied.</summary>
    private const int ChunkBytes = 1 << 20;

    private readonly GgufFile _file;
    private readonly GgufTensor _tensor;
    private bool _isVerified;

    /// <summary>Views <paramref name="tensor"/> of <paramref name="file"/>.</summary>
    public GgufTensorData(GgufFile file, GgufTensor tensor)
        : base(tensor.Name, tensor.Shape, tensor.Type)
    {
        _file = file;
        _tensor = tensor;
    }

    /// <inheritdoc/>
    public override bool HasGroups => SimpleBlocks.HasGroups(Type);

    /// <inheritdoc/>
    public override void ReadRows(long rowStart, int rowCount, Span<float> destination)
    {
        AssertRange(rowStart, rowCount, destination);
        int blockLength = ElementTypes.BlockLength(Type);
        int blockBytes = ElementTypes.BlockBytes(Type);
        long offset = rowStart * ElementTypes.RowBytes(Type, Shape.Cols);
        try
        {
            VerifyOnce();
            while (!destination.IsEmpty)
            {
                int blocks = Math.Min(ChunkBytes / blockBytes, destination.Length / blockLength);
                ReadOnlySpan<byte> bytes = _file.Bytes(_tensor, offset, blocks * blockBytes);
                ElementDecoder.Decode(Type, bytes, destination[..(blocks * blockLength)]);
                offset += bytes.Length;
                destination = destination[(blocks * blockLength)..];
            }
        }
        catch (ModelFileException fault)
        {
            throw new CheckpointException(CheckpointError.InvalidModelFile, fault.Message, fault);
        }
    }

    /// <inheritdoc/>
    public override void ReadGroups(long rowStart, int rowCount, Span<sbyte> quants, Span<ushort> scales)
    {
        int blockBytes = ElementTypes.BlockBytes(Type);
        int rowGroups = scales.Length / Math.Max(rowCount, 1);
        long offset = rowStart * ElementTypes.RowBytes(Type, Shape.Cols);
        try
        {
            VerifyOnce();
            for (int row = 0; row < rowCount; row++)
            {
                ReadOnlySpan<byte> bytes = _file.Bytes(_tensor, offset, rowGroups * blockBytes);
                for (int group = 0; group < rowGroups; group++)
                {
                    int index = (row * rowGroups) + group;
                    scales[index] = SimpleBlocks.ReadGroup(
                        Type, bytes.Slice(group * blockBytes, blockBytes),
                        quants.Slice(index * PackedLayout.GroupSize, PackedLayout.GroupSize));
                }

                offset += bytes.Length;
            }
        }
        catch (ModelFileException fault)
        {
            throw new CheckpointException(CheckpointError.InvalidModelFile, fault.Message, fault);
        }
    }

    /// <summary>A damaged source must not get fresh digests: each tensor is compared when it is first read.</summary>
    private void VerifyOnce()
    {
        if (!_isVerified)
        {
            _file.VerifyTensor(_tensor);
            _isVerified = true;
        }
    }
}
