using System.Runtime.InteropServices;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>Seeded matrices in native memory for KernelComparison; all are freed together.</summary>
internal sealed unsafe class KernelTestData(int seed) : IDisposable
{
    private readonly Random _random = new(seed);
    private readonly List<AlignedBuffer> _buffers = [];

    /// <summary>Floats in [−range, range).</summary>
    internal FloatMatrix Floats(int rows, int cols, float range)
    {
        FloatMatrix matrix = FloatMatrix.Over(Take((long)rows * cols * sizeof(float)), rows, cols);
        for (int row = 0; row < rows; row++)
        {
            foreach (ref float value in matrix.Row(row))
            {
                value = Next(range);
            }
        }

        return matrix;
    }

    /// <summary>Rows with a gap behind each, all one value.</summary>
    internal FloatMatrix Filled(int rows, int cols, int stride, float value)
    {
        AlignedBuffer buffer = Take((long)rows * stride * sizeof(float));
        buffer.Span<float>(0, rows * stride).Fill(value);
        // SAFETY: the buffer holds rows × stride floats.
        return new FloatMatrix((float*)buffer.Data, rows, cols, stride);
    }

    /// <summary>
    /// Random quants, padding included, and scales of which some are 0: no kernel may rely on the padding rows.
    /// </summary>
    internal PackedMatrix Packed(QuantFormat format, int rows, int cols)
    {
        PackedLayout layout = new(format, rows, cols);
        AlignedBuffer buffer = Take(layout.TotalBytes);
        Span<byte> quants = buffer.Span<byte>(0, checked((int)layout.QuantBytes));
        _random.NextBytes(quants);
        if (format == QuantFormat.Q8G32)
        {
            quants.Replace((byte)0x80, (byte)0x81);
        }

        foreach (ref Half scale in buffer.Span<Half>(
            layout.ScaleOffset, layout.TileCount * layout.GroupCount * PackedLayout.TileRows))
        {
            // Zero or normal, of either sign: what a quantizer writes.
            float magnitude = 0.001f + (0.05f * _random.NextSingle());
            scale = _random.Next(16) == 0 ? Half.Zero : (Half)(_random.Next(2) == 0 ? magnitude : -magnitude);
        }

        // SAFETY: the buffer holds TotalBytes.
        return new PackedMatrix(buffer.Data, layout);
    }

    /// <summary>Quantized random rows, by the reference.</summary>
    internal QuantizedRows Quantized(int rows, int cols)
    {
        QuantizedRows quantized = QuantizedRows.Over(Take(QuantizedRows.ByteCount(rows, cols)), rows, cols);
        QuantizeReference.Rows(Floats(rows, cols, 3f), quantized);
        return quantized;
    }

    /// <summary>Random weights of a plain type.</summary>
    internal DenseMatrix Dense(ElementType type, int rows, int cols)
    {
        long rowBytes = ElementTypes.RowBytes(type, cols);
        AlignedBuffer buffer = Take(rows * rowBytes);
        Span<byte> bytes = buffer.Span<byte>(0, checked((int)(rows * rowBytes)));
        _random.NextBytes(bytes);
        int blockBytes = ElementTypes.BlockBytes(type);
        for (int i = 0; i < bytes.Length; i += blockBytes)
        {
            Span<byte> block = bytes[i..];
            float value = Next(1f);
            switch (type)
            {
                case ElementType.F32:
                    MemoryMarshal.Write(block, value);
                    break;
                case ElementType.BF16:
                    MemoryMarshal.Write(block, (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
                    break;
                default:
                    MemoryMarshal.Write(block, (Half)value);
                    break;
            }
        }

        // SAFETY: the buffer holds rows × rowBytes.
        return new DenseMatrix(buffer.Data, type, rows, cols);
    }

    /// <summary>
    /// Random blocks whose float16 factors are of an ordinary size, of either sign, and sometimes 0; or any bits.
    /// </summary>
    internal DenseMatrix Blocks(ElementType type, int rows, int cols, bool isHostile)
    {
        long rowBytes = ElementTypes.RowBytes(type, cols);
        AlignedBuffer buffer = Take(rows * rowBytes);
        Span<byte> bytes = buffer.Span<byte>(0, checked((int)(rows * rowBytes)));
        _random.NextBytes(bytes);
        int factorAt = type == ElementType.Q6_K ? DenseBlock.ScaleOffsetQ6K : 0;
        int factorCount = BlockReference.HasMinimum(type) ? 2 : 1;
        for (int block = 0; block < bytes.Length && !isHostile; block += ElementTypes.BlockBytes(type))
        {
            foreach (ref Half factor in MemoryMarshal.Cast<byte, Half>(bytes[(block + factorAt)..])[..factorCount])
            {
                factor = _random.Next(16) == 0 ? Half.Zero : (Half)Next(0.05f);
            }
        }

        // SAFETY: the buffer holds rows × rowBytes.
        return new DenseMatrix(buffer.Data, type, rows, cols);
    }

    /// <summary>
    /// Zeroed memory for keys and then values of one head; what lies past <paramref name="layout"/> stays zero.
    /// </summary>
    internal AlignedBuffer Cache(in KvLayout layout) => Take(layout.KeyBytes + layout.ValueBytes);

    /// <summary>Room for int8 rows.</summary>
    internal QuantizedRows QuantizedRoom(int rows, int cols) =>
        QuantizedRows.Over(Take(QuantizedRows.ByteCount(rows, cols)), rows, cols);

    public void Dispose()
    {
        foreach (AlignedBuffer buffer in _buffers)
        {
            buffer.Dispose();
        }
    }

    private float Next(float range) => ((2f * _random.NextSingle()) - 1f) * range;

    private AlignedBuffer Take(long byteCount)
    {
        AlignedBuffer buffer = new(byteCount);
        _buffers.Add(buffer);
        return buffer;
    }
}
