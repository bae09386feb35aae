using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace MoREdge.ModelFile;

/// <summary>
/// Builds the bytes in front of the tensor data, with room for the digests that are known only afterwards.
/// </summary>
internal sealed class HeaderWriter
{
    private static readonly string NoDigest = new('0', Digest.DigitCount);

    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly byte[] _header;
    private readonly int _tensorDigestsOffset;
    private readonly int _headerDigestOffset;

    /// <summary>Encodes the header of a file with these tensors in this order.</summary>
    /// <exception cref="ModelFileException">
    /// TensorCountLimit, MetadataCountLimit or HeaderTooLarge: nobody could read it.
    /// </exception>
    public HeaderWriter(GgufMetadata metadata, IReadOnlyList<GgufTensorPlan> plans)
    {
        Alignment = AlignmentFor(plans);
        GgufMetadata own = OwnMetadata(metadata, plans);
        RequireLimit(plans.Count, ModelFileLimits.TensorCountMax, ModelFileError.TensorCountLimit, "tensors");
        RequireLimit(own.Count, ModelFileLimits.MetadataCountMax, ModelFileError.MetadataCountLimit, "metadata keys");
        Write(GgufFormat.Magic);
        Write(GgufFormat.Version);
        Write((ulong)plans.Count);
        Write((ulong)own.Count);
        foreach (KeyValuePair<string, GgufValue> entry in own.Entries)
        {
            Write(entry.Key);
            Write((uint)entry.Value.Type);
            if (entry.Key == MetadataKeys.TensorDigests)
            {
                _tensorDigestsOffset = _bytes.WrittenCount + sizeof(uint) + sizeof(ulong);
            }
            else if (entry.Key == MetadataKeys.HeaderDigest)
            {
                _headerDigestOffset = _bytes.WrittenCount + sizeof(ulong);
            }

            Write(entry.Value);
        }

        long end = 0;
        foreach (GgufTensorPlan plan in plans)
        {
            long offset = GgufFormat.AlignUp(end, Alignment);
            Write(plan, offset);
            end = checked(offset + plan.ByteCount);
        }

        RequireLimit(
            _bytes.WrittenCount, ModelFileLimits.HeaderBytesMax, ModelFileError.HeaderTooLarge, "bytes of header");
        DataBytes = GgufFormat.AlignUp(end, Alignment);
        int padding = (int)GgufFormat.AlignUp(_bytes.WrittenCount, Alignment) - _bytes.WrittenCount;
        _bytes.Write(new byte[padding]);
        _header = _bytes.WrittenSpan.ToArray();
    }

    /// <summary>Where tensors start is a multiple of it.</summary>
    public int Alignment { get; }

    /// <summary>The encoded header, padding included; its length is a multiple of the alignment.</summary>
    public ReadOnlySpan<byte> Bytes => _header;

    /// <summary>Bytes of all tensors, padding included.</summary>
    public long DataBytes { get; }

    /// <summary>Sets the digest of tensor <paramref name="index"/>.</summary>
    public void SetTensorDigest(int index, string digest)
    {
        const int ItemBytes = sizeof(ulong) + Digest.DigitCount;
        Encoding.ASCII.GetBytes(digest, _header.AsSpan(_tensorDigestsOffset + (index * ItemBytes) + sizeof(ulong)));
    }

    /// <summary>Sets the header's own digest, after all others.</summary>
    public void SetHeaderDigest() =>
        Encoding.ASCII.GetBytes(Digest.OfHeader(_header, _headerDigestOffset), _header.AsSpan(_headerDigestOffset));

    /// <summary>
    /// A file that others may read has GGUF's default: llama.cpp's quantizer copies another one's key and then places
    /// the data by the default, so that half of what it makes cannot be read.
    /// </summary>
    private static int AlignmentFor(IReadOnlyList<GgufTensorPlan> plans)
    {
        foreach (GgufTensorPlan plan in plans)
        {
            if (plan.Layout is not null)
            {
                return GgufFormat.PackedAlignment;
            }
        }

        return GgufFormat.DefaultAlignment;
    }

    /// <summary>The given metadata without what only the writer knows, and that behind it.</summary>
    private GgufMetadata OwnMetadata(GgufMetadata metadata, IReadOnlyList<GgufTensorPlan> plans)
    {
        GgufMetadata own = new();
        foreach (KeyValuePair<string, GgufValue> entry in metadata.Entries)
        {
            own.Set(entry.Key, entry.Value);
        }

        foreach (string key in (string[])
            [
                MetadataKeys.Alignment, MetadataKeys.TensorDigests, MetadataKeys.HeaderDigest,
                MetadataKeys.QuantizationVersion, .. PackedTable.Keys,
            ])
        {
            own.Remove(key);
        }

        string[] digests = new string[plans.Count];
        Array.Fill(digests, NoDigest);
        if (Alignment != GgufFormat.DefaultAlignment)
        {
            own.Set(MetadataKeys.Alignment, GgufValue.FromUInt32((uint)Alignment));
        }

        PackedTable.Write(own, plans);
        own.Set(MetadataKeys.TensorDigests, GgufValue.FromStrings(digests));
        own.Set(MetadataKeys.HeaderDigest, GgufValue.FromString(NoDigest));
        return own;
    }

    private static void RequireLimit(long count, long max, ModelFileError error, string what)
    {
        if (count > max)
        {
            throw new ModelFileException(error, $"A model file with {count} {what} is above the limit of {max}.");
        }
    }

    private void Write(GgufTensorPlan plan, long offset)
    {
        Write(plan.Name);
        ReadOnlySpan<long> dimensions = plan.Shape.Dimensions;
        Write((uint)dimensions.Length);
        for (int i = dimensions.Length - 1; i >= 0; i--)
        {
            Write((ulong)dimensions[i]);
        }

        Write((uint)plan.Type);
        Write((ulong)offset);
    }

    private void Write(GgufValue value)
    {
        if (value.TryGetString(out string? text))
        {
            Write(text);
        }
        else if (value.Type == GgufValueType.Array)
        {
            Write((uint)value.ItemType);
            Write((ulong)value.Count);
            _bytes.Write(value.Items);
        }
        else
        {
            Span<byte> buffer = stackalloc byte[sizeof(ulong)];
            int count = GgufValueTypes.Write(value.Type, value.Bits, buffer);
            _bytes.Write(buffer[..count]);
        }
    }

    private void Write(string text)
    {
        byte[] encoded = Encoding.UTF8.GetBytes(text);
        Write((ulong)encoded.Length);
        _bytes.Write(encoded);
    }

    private void Write(uint value)
    {
        Span<byte> buffer = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(buffer, value);
        _bytes.Write(buffer);
    }

    private void Write(ulong value)
    {
        Span<byte> buffer = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(buffer, value);
        _bytes.Write(buffer);
    }
}
