using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Tests.ModelFile;

/// <summary>
/// The tiny model file of FORMAT.md: one dense tensor, one packed int4 matrix of 2 rows and 3 columns.
/// </summary>
internal static class SampleModel
{
    public const string DenseName = "output_norm.weight";
    public const string PackedName = "output.weight";

    public static GgufMetadata Metadata()
    {
        GgufMetadata metadata = new();
        metadata.Set(MetadataKeys.Architecture, GgufValue.FromString("mor"));
        metadata.Set("mor." + MetadataKeys.RecursionCount, GgufValue.FromUInt32(3));
        return metadata;
    }

    public static GgufTensorPlan[] Plans() =>
    [
        new(DenseName, new TensorShape(2), ElementType.F32),
        GgufTensorPlan.Packed(PackedName, QuantFormat.Q4G32, 2, 3),
    ];

    /// <summary>1 and 2 as float32, little-endian.</summary>
    public static byte[] DenseBytes() => [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40];

    /// <summary>Rows (-8, -1, 1) with scale 0.5 and (2, 3, 7) with scale 1.</summary>
    public static byte[] PackedBytes()
    {
        PackedLayout layout = new(QuantFormat.Q4G32, 2, 3);
        sbyte[] quants = new sbyte[8 * 32];
        (quants[0], quants[1], quants[2]) = (-8, -1, 1);
        (quants[32], quants[33], quants[34]) = (2, 3, 7);
        ushort[] scales = [0x3800, 0x3C00, 0, 0, 0, 0, 0, 0];
        byte[] bytes = new byte[layout.TotalBytes];
        ushort[] tileScales = new ushort[8];
        PackedTile.Pack(layout, quants, scales, bytes.AsSpan(0, (int)layout.QuantBytes), tileScales);
        Buffer.BlockCopy(tileScales, 0, bytes, (int)layout.ScaleOffset, 8 * sizeof(ushort));
        return bytes;
    }

    public static string Write(TemporaryFolder folder, bool overwrite = false)
    {
        string path = folder.File("sample.gguf");
        using GgufWriter writer = new(path, Metadata(), Plans(), overwrite);
        writer.Write(DenseBytes());
        writer.Write(PackedBytes());
        writer.Finish();
        return path;
    }
}
