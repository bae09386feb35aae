using System.Buffers.Binary;
using System.Text.Json;
using MoREdge.Tensors;

namespace MoREdge.Checkpoints.HuggingFace;

/// <summary>
/// A safetensors file: 8 bytes header length, a JSON object {name: {dtype, shape, data_offsets}}, then the tensors end
/// to end.
/// </summary>
/// <remarks>
/// Source: the safetensors format description. Its safety rules are checked: header at most 100 MB, every tensor inside
/// the
/// file, no overlap, no hole, nothing behind the last tensor.
/// </remarks>
internal static class SafetensorsFile
{
    /// <summary>The largest header, the limit of the format's own reader.</summary>
    public const long SafetensorsHeaderBytesMax = 100_000_000;

    private const int LengthBytes = sizeof(ulong);

    /// <summary>True when the file starts like one: a plausible header length and an opening brace.</summary>
    public static bool IsOne(ReadOnlySpan<byte> start) =>
        start.Length > LengthBytes && start[LengthBytes] == (byte)'{' && start[LengthBytes - 1] == 0;

    /// <summary>Reads the header; tensors stay in the file.</summary>
    /// <exception cref="CheckpointException">
    /// See <see cref="CheckpointError"/>; each check has its own value.
    /// </exception>
    public static List<StoredTensor> Read(WeightFile file)
    {
        JsonElement header = ReadHeader(file, out long dataOffset);
        List<StoredTensor> tensors = [];
        List<(long Begin, long End, string Name)> ranges = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (JsonProperty property in header.EnumerateObject())
        {
            if (!names.Add(property.Name))
            {
                throw Fault(file, CheckpointError.DuplicateTensor, property.Name, "is listed twice");
            }

            if (property.Name == "__metadata__")
            {
                continue;
            }

            if (property.Value.ValueKind != JsonValueKind.Object)
            {
                throw Fault(file, CheckpointError.JsonMalformed, property.Name, "is not described by an object");
            }

            tensors.Add(ReadTensor(file, property.Name, property.Value, dataOffset, ranges));
        }

        CheckCoverage(file, ranges, file.Length - dataOffset);
        return tensors;
    }

    private static JsonElement ReadHeader(WeightFile file, out long dataOffset)
    {
        Span<byte> lengthBytes = stackalloc byte[LengthBytes];
        file.Read(0, lengthBytes);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(lengthBytes);
        if (length > SafetensorsHeaderBytesMax)
        {
            throw new CheckpointException(
                CheckpointError.HeaderTooLarge,
                $"{file.Name} announces a header of {length} bytes; safetensors allows {SafetensorsHeaderBytesMax}.");
        }

        if ((long)length > file.Length - LengthBytes)
        {
            throw new CheckpointException(
                CheckpointError.Truncated,
                $"{file.Name} announces a header of {length} bytes but has {file.Length} in all.");
        }

        byte[] bytes = new byte[length];
        file.Read(LengthBytes, bytes);
        dataOffset = LengthBytes + (long)length;
        return JsonFile.Parse(bytes, $"The header of {file.Name}");
    }

    private static StoredTensor ReadTensor(
        WeightFile file,
        string name,
        JsonElement entry,
        long dataOffset,
        List<(long Begin, long End, string Name)> ranges)
    {
        ElementType type = ReadType(file, name, entry);
        TensorShape shape = ReadShape(file, name, entry);
        (long begin, long end) = ReadOffsets(file, name, entry);
        if (begin < 0 || end < begin || end > file.Length - dataOffset)
        {
            throw Fault(
                file, CheckpointError.OffsetsOutOfFile, name, $"claims bytes {begin} to {end}, outside the file");
        }

        // A shape whose byte count overflows cannot match a range that lies inside a file.
        long elementBytes = ElementTypes.BlockBytes(type);
        if (shape.ElementCount > long.MaxValue / elementBytes || shape.ElementCount * elementBytes != end - begin)
        {
            throw Fault(
                file, CheckpointError.SizeMismatch, name, $"has {end - begin} bytes, which is not {type} {shape}");
        }

        ranges.Add((begin, end, name));
        return new StoredTensor(file, dataOffset + begin, name, shape, type);
    }

    private static ElementType ReadType(WeightFile file, string name, JsonElement entry)
    {
        string? type = entry.TryGetProperty("dtype", out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : throw Fault(file, CheckpointError.JsonMalformed, name, "has no dtype");
        return type switch
        {
            "F32" => ElementType.F32,
            "F16" => ElementType.F16,
            "BF16" => ElementType.BF16,
            "F64" => ElementType.F64,
            _ => throw Fault(
                file,
                CheckpointError.UnsupportedElementType,
                name,
                $"has the type {CheckpointException.Quote(type!)}; only F64, F32, F16 and BF16 weights are read"),
        };
    }

    private static TensorShape ReadShape(WeightFile file, string name, JsonElement entry)
    {
        if (!entry.TryGetProperty("shape", out JsonElement list) || list.ValueKind != JsonValueKind.Array)
        {
            throw Fault(file, CheckpointError.JsonMalformed, name, "has no shape");
        }

        int rank = list.GetArrayLength();
        if (rank > TensorShape.RankMax)
        {
            throw Fault(
                file, CheckpointError.InvalidShape, name, $"has {rank} dimensions, more than {TensorShape.RankMax}");
        }

        long[] dimensions = new long[Math.Max(rank, 1)];
        dimensions[0] = 1;
        for (int i = 0; i < rank; i++)
        {
            bool isDimension = list[i].ValueKind == JsonValueKind.Number && list[i].TryGetInt64(out dimensions[i])
                && dimensions[i] > 0;
            if (!isDimension)
            {
                throw Fault(file, CheckpointError.InvalidShape, name, "has a dimension that is not a positive integer");
            }
        }

        return CheckedShape(dimensions)
            ?? throw Fault(file, CheckpointError.InvalidShape, name, "has more elements than fit in 63 bits");
    }

    private static TensorShape? CheckedShape(ReadOnlySpan<long> dimensions)
    {
        try
        {
            return new TensorShape(dimensions);
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    private static (long Begin, long End) ReadOffsets(WeightFile file, string name, JsonElement entry)
    {
        bool isPair = entry.TryGetProperty("data_offsets", out JsonElement pair)
            && pair.ValueKind == JsonValueKind.Array
            && pair.GetArrayLength() == 2 && pair[0].ValueKind == JsonValueKind.Number
            && pair[1].ValueKind == JsonValueKind.Number;
        if (!isPair)
        {
            throw Fault(file, CheckpointError.JsonMalformed, name, "has no pair of data_offsets");
        }

        // Numbers beyond 63 bits lie outside any file: −1 makes the caller say so.
        bool fits = pair[0].TryGetInt64(out long begin) & pair[1].TryGetInt64(out long end);
        return fits ? (begin, end) : (-1, -1);
    }

    private static void CheckCoverage(WeightFile file, List<(long Begin, long End, string Name)> ranges, long dataBytes)
    {
        ranges.Sort();
        long position = 0;
        foreach ((long begin, long end, string name) in ranges)
        {
            if (begin < position)
            {
                throw Fault(file, CheckpointError.TensorsOverlap, name, "shares bytes with another tensor");
            }

            if (begin > position)
            {
                throw Fault(
                    file,
                    CheckpointError.Hole,
                    name,
                    $"has {begin - position} bytes before it that belong to no tensor");
            }

            position = end;
        }

        if (position != dataBytes)
        {
            throw new CheckpointException(
                CheckpointError.Hole, $"{file.Name} has {dataBytes - position} bytes behind its last tensor.");
        }
    }

    private static CheckpointException Fault(WeightFile file, CheckpointError error, string tensor, string what) =>
        new(error, $"Tensor {CheckpointException.Quote(tensor)} in {file.Name} {what}.");
}
