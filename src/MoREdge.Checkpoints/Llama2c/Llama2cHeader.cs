using System.Buffers.Binary;
using MoREdge.Checkpoints.HuggingFace;
using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.Llama2c;

/// <summary>The header of a llama2.c file: version 0 (legacy, 7 integers), 1 (float32) or 2 (int8 groups).</summary>
/// <remarks>Source: export.py and run.c of karpathy/llama2.c.</remarks>
internal sealed class Llama2cHeader
{
    private const uint Llama2cMagic = 0x616b3432;
    private const int FieldCount = 7;
    private const int LegacyBytes = FieldCount * sizeof(int);
    private const int HeaderBytes = 256;

    private Llama2cHeader()
    {
    }

    /// <summary>0, 1 or 2.</summary>
    public required int Version { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int ModelDim { get; init; }

    /// <summary>Width of the feed-forward network.</summary>
    public required int FfnDim { get; init; }

    /// <summary>Layers.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Query heads.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Key/value heads.</summary>
    public required int KvHeadCount { get; init; }

    /// <summary>Rows of the embedding.</summary>
    public required int VocabSize { get; init; }

    /// <summary>Trained context in tokens.</summary>
    public required int ContextLength { get; init; }

    /// <summary>True when the head is the embedding.</summary>
    public required bool IsHeadTied { get; init; }

    /// <summary>Weights per scale in version 2.</summary>
    public required int GroupSize { get; init; }

    /// <summary>Where the weights begin.</summary>
    public int DataOffset => Version == 0 ? LegacyBytes : HeaderBytes;

    /// <summary>Width of a head.</summary>
    public int HeadDim => ModelDim / HeadCount;

    /// <summary>True when a file of <paramref name="length"/> bytes that begins like this can be one.</summary>
    public static bool IsOne(ReadOnlySpan<byte> start, long length)
    {
        if (start.Length < LegacyBytes || length < LegacyBytes)
        {
            return false;
        }

        return BinaryPrimitives.ReadUInt32LittleEndian(start) == Llama2cMagic || AreFieldsPlausible(ReadFields(start));
    }

    /// <summary>Reads the header.</summary>
    /// <exception cref="CheckpointException">Llama2cMalformed, UnsupportedOption or Truncated.</exception>
    public static Llama2cHeader Read(WeightFile file)
    {
        Span<byte> bytes = stackalloc byte[HeaderBytes];
        file.Read(0, bytes[..LegacyBytes]);
        int version = 0;
        int groupSize = 0;
        bool isTied = true;
        int fieldOffset = 0;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) == Llama2cMagic)
        {
            file.Read(0, bytes);
            version = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
            if (version is not (1 or 2))
            {
                throw new CheckpointException(
                    CheckpointError.UnsupportedOption,
                    $"{file.Name} is version {version} of llama2.c; 0, 1 and 2 are read.");
            }

            fieldOffset = 2 * sizeof(int);
            isTied = bytes[fieldOffset + LegacyBytes] != 0;
            int groupOffset = fieldOffset + LegacyBytes + 1;
            groupSize = version == 2 ? BinaryPrimitives.ReadInt32LittleEndian(bytes[groupOffset..]) : 0;
        }

        int[] fields = ReadFields(bytes[fieldOffset..]);
        bool isGroupWrong = version == 2 && (groupSize < 1 || fields[0] % groupSize != 0);
        if (!AreFieldsPlausible(fields) || isGroupWrong || (version > 0 && fields[5] < 0))
        {
            throw new CheckpointException(
                CheckpointError.Llama2cMalformed, $"{file.Name} has an impossible llama2.c header.");
        }

        return new Llama2cHeader
        {
            Version = version,
            ModelDim = fields[0],
            FfnDim = fields[1],
            LayerCount = fields[2],
            HeadCount = fields[3],
            KvHeadCount = fields[4],
            VocabSize = Math.Abs(fields[5]),
            ContextLength = fields[6],
            IsHeadTied = version == 0 ? fields[5] > 0 : isTied,
            GroupSize = groupSize,
        };
    }

    private static int[] ReadFields(ReadOnlySpan<byte> bytes)
    {
        int[] fields = new int[FieldCount];
        for (int i = 0; i < FieldCount; i++)
        {
            fields[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(i * sizeof(int))..]);
        }

        return fields;
    }

    /// <summary>
    /// dim, hidden, layers, heads, kv heads, vocabulary (negative: untied), context; bounds keep products small.
    /// </summary>
    private static bool AreFieldsPlausible(int[] fields)
    {
        const int Max = ModelFileLimits.ModelDimensionMax;
        bool inRange = fields[0] is > 0 and <= Max && fields[1] is > 0 and <= Max
            && fields[2] is > 0 and <= DecoderConfig.LayerCountMax
            && fields[3] is > 0 and <= Max && fields[4] is > 0 and <= Max
            && fields[5] is not 0 and >= -Max and <= Max && fields[6] is > 0 and <= Max;
        return inRange && fields[0] % fields[3] == 0 && fields[0] / fields[3] % 2 == 0 && fields[3] % fields[4] == 0;
    }
}
