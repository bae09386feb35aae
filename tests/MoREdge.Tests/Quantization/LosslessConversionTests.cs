using System.Buffers.Binary;
using System.Runtime.InteropServices;
using MoREdge.Checkpoints;
using MoREdge.Checkpoints.Dequantization;
using MoREdge.ModelFile;
using MoREdge.Quantization;
using MoREdge.Tensors;
using MoREdge.Tests.Checkpoints;

namespace MoREdge.Tests.Quantization;

/// <summary>GGUF blocks that are integers and one fp16 scale become packed groups of the same weights.</summary>
public sealed class LosslessConversionTests : IDisposable
{
    private const int Rows = 19;
    private const int Cols = 96;
    private const string Projection = "blk.0.attn_q.weight";

    // A negative zero and subnormals are scales like any other.
    private static readonly float[] Scales = [0.01f, -0.03f, 0f, -0f, 6e-8f, -2e-5f, 1f];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ElementType.Q8_0, ModelFormat.Q8, Projection, QuantFormat.Q8G32)]
    [InlineData(ElementType.Q8_0, ModelFormat.Q4, TensorNames.TokenEmbedding, QuantFormat.Q8G32)]
    [InlineData(ElementType.Q4_0, ModelFormat.Q4, Projection, QuantFormat.Q4G32)]
    [InlineData(ElementType.Q4_0, ModelFormat.Q4, TensorNames.TokenEmbedding, QuantFormat.Q8G32)]
    [InlineData(ElementType.Q5_0, ModelFormat.Q8, Projection, QuantFormat.Q8G32)]
    public void Write_BlocksOfIntegersAndScale_KeepsEveryBitOfEveryWeight(
        ElementType type, ModelFormat format, string name, QuantFormat packed)
    {
        byte[] blocks = RandomBlocks(type);
        float[] expected = new float[Rows * Cols];
        ElementDecoder.Decode(type, blocks, expected);

        TensorReport report = Convert(type, blocks, name, format);

        using GgufFile file = GgufFile.Open(_folder["packed.gguf"]);
        Assert.Equal(packed, file.RequireTensor(name).Packed!.Value.Format);
        (float[] stored, _) = StoredWeights.Read(file, name);
        Assert.Equal(
            Array.ConvertAll(expected, BitConverter.SingleToInt32Bits),
            Array.ConvertAll(stored, BitConverter.SingleToInt32Bits));
        Assert.Equal(0, report.RelativeError);
    }

    [Fact]
    public void Write_ExpertsOfAStack_KeepEveryBit()
    {
        const int ExpertRows = 8;
        byte[] blocks = RandomBlocks(ElementType.Q4_0).AsSpan(0, 2 * ExpertRows * Cols / 32 * 18).ToArray();
        float[] expected = new float[2 * ExpertRows * Cols];
        ElementDecoder.Decode(ElementType.Q4_0, blocks, expected);
        GgufTensorPlan plan = new(
            "blk.0.ffn_down_exps.weight", new TensorShape(2, ExpertRows, Cols), ElementType.Q4_0);

        IReadOnlyList<TensorReport> reports = Convert(plan, blocks, ModelFormat.Q8);

        using GgufFile file = GgufFile.Open(_folder["packed.gguf"]);
        Assert.Equal(2, reports.Count);
        for (int expert = 0; expert < reports.Count; expert++)
        {
            (float[] stored, _) = StoredWeights.Read(file, $"blk.0.ffn_down.{expert}.weight");
            Assert.Equal(0, reports[expert].RelativeError);
            Assert.Equal(
                Array.ConvertAll(expected[(expert * stored.Length)..][..stored.Length], BitConverter.SingleToInt32Bits),
                Array.ConvertAll(stored, BitConverter.SingleToInt32Bits));
        }
    }

    /// <summary>Ragged columns; groups whose largest integer is small would be rounded to another scale.</summary>
    [Theory]
    [InlineData(QuantFormat.Q8G32, ModelFormat.Q8)]
    [InlineData(QuantFormat.Q4G32, ModelFormat.Q4)]
    [InlineData(QuantFormat.Q4G32, ModelFormat.Q8)]
    public void Write_OwnFile_KeepsEveryBit(QuantFormat source, ModelFormat format)
    {
        GgufTensorPlan plan = GgufTensorPlan.Packed(Projection, source, Rows, Cols - 5);
        (byte[] bytes, sbyte[] quants, ushort[] scales) = RandomPacked(plan.Layout!.Value);

        TensorReport report = Assert.Single(Convert(plan, bytes, format));

        using Checkpoint written = Checkpoint.Open(_folder["packed.gguf"]);
        sbyte[] storedQuants = new sbyte[quants.Length];
        ushort[] storedScales = new ushort[scales.Length];
        Assert.Single(written.Tensors).ReadGroups(0, Rows, storedQuants, storedScales);
        Assert.Equal(0, report.RelativeError);
        Assert.Equal(quants, storedQuants);
        Assert.Equal(scales, storedScales);
        float[] row = new float[Cols - 5];
        written.Tensors[0].ReadRows(Rows - 1, 1, row);
        Assert.Equal((float)BitConverter.UInt16BitsToHalf(scales[^1]) * quants[^1], row[^1]);
    }

    [Fact]
    public void Write_QuantThatThePackedFormatLacks_IsRoundedWithItsGroupAlone()
    {
        byte[] blocks = RandomBlocks(ElementType.Q8_0);
        BinaryPrimitives.WriteHalfLittleEndian(blocks, (Half)0.25f);
        blocks[2] = 0x80;
        float[] expected = new float[Rows * Cols];
        ElementDecoder.Decode(ElementType.Q8_0, blocks, expected);

        TensorReport report = Convert(ElementType.Q8_0, blocks, Projection, ModelFormat.Q8);

        using GgufFile file = GgufFile.Open(_folder["packed.gguf"]);
        (float[] stored, _) = StoredWeights.Read(file, Projection);
        Assert.Equal(expected[32..], stored[32..]);
        Assert.InRange(stored[0], -32.01f, -31.99f);
        Assert.InRange(report.RelativeError, double.Epsilon, 0.01);
    }

    /// <summary>-9 is a byte and no nibble: taken over it would come out as 7.</summary>
    [Fact]
    public void Write_QuantBelowTheNibbles_IsRoundedWithItsGroup()
    {
        byte[] blocks = new byte[ElementTypes.RowBytes(ElementType.Q8_0, Rows * Cols)];
        BinaryPrimitives.WriteHalfLittleEndian(blocks, (Half)0.25f);
        blocks[2] = unchecked((byte)-9);

        Convert(ElementType.Q8_0, blocks, Projection, ModelFormat.Q4);

        using GgufFile file = GgufFile.Open(_folder["packed.gguf"]);
        Assert.Equal(-2.25f, StoredWeights.Read(file, Projection).Weights[0]);
    }

    [Theory]
    [InlineData(ElementType.Q4_0, ModelFormat.Q8)]
    [InlineData(ElementType.Q8_0, ModelFormat.Q4)]
    public void Write_ScaleThatIsNotFinite_IsRefused(ElementType type, ModelFormat format)
    {
        byte[] blocks = RandomBlocks(type);
        BinaryPrimitives.WriteHalfLittleEndian(blocks, Half.NaN);

        QuantizationException fault = Assert.Throws<QuantizationException>(
            () => Convert(type, blocks, Projection, format));

        Assert.Equal(QuantizationError.NonFiniteWeight, fault.Error);
    }

    private TensorReport Convert(ElementType type, byte[] blocks, string name, ModelFormat format) =>
        Assert.Single(Convert(new GgufTensorPlan(name, new TensorShape(Rows, Cols), type), blocks, format));

    private IReadOnlyList<TensorReport> Convert(GgufTensorPlan plan, byte[] blocks, ModelFormat format)
    {
        GgufMetadata metadata = new();
        metadata.Set(MetadataKeys.Architecture, GgufValue.FromString("llama"));
        metadata.Set("llama.expert_count", GgufValue.FromUInt32(2));
        using (GgufWriter writer = new(_folder["blocks.gguf"], metadata, [plan], overwrite: true))
        {
            writer.Write(blocks);
            writer.Finish();
        }

        using Checkpoint checkpoint = Checkpoint.Open(_folder["blocks.gguf"]);
        return ModelQuantizer.Write(
            checkpoint.Metadata, checkpoint.Tensors, _folder["packed.gguf"], format, overwrite: true);
    }

    /// <summary>A packed matrix of small integers, and those (rows, cols) with their scales (rows, groups).</summary>
    private static (byte[] Bytes, sbyte[] Quants, ushort[] Scales) RandomPacked(PackedLayout layout)
    {
        Random random = new(5);
        byte[] bytes = new byte[layout.TotalBytes];
        sbyte[] all = new sbyte[layout.Rows * layout.Cols];
        ushort[] allScales = new ushort[layout.Rows * layout.GroupCount];
        int tileBytes = layout.GroupCount * PackedLayout.TileGroupBytes(layout.Format);
        ushort[] tileScales = new ushort[layout.GroupCount * PackedLayout.TileRows];
        for (int tile = 0; tile < layout.TileCount; tile++)
        {
            sbyte[] quants = new sbyte[PackedLayout.TileRows * layout.PaddedCols];
            ushort[] scales = new ushort[PackedLayout.TileRows * layout.GroupCount];
            int rows = Math.Min(PackedLayout.TileRows, layout.Rows - (tile * PackedLayout.TileRows));
            for (int row = 0; row < rows; row++)
            {
                int index = (tile * PackedLayout.TileRows) + row;
                for (int col = 0; col < layout.Cols; col++)
                {
                    quants[(row * layout.PaddedCols) + col] = all[(index * layout.Cols) + col] =
                        (sbyte)random.Next(-8, 8);
                }

                for (int group = 0; group < layout.GroupCount; group++)
                {
                    scales[(row * layout.GroupCount) + group] = allScales[(index * layout.GroupCount) + group] =
                        BitConverter.HalfToUInt16Bits((Half)Scales[random.Next(Scales.Length)]);
                }
            }

            PackedTile.Pack(layout, quants, scales, bytes.AsSpan(tile * tileBytes, tileBytes), tileScales);
            MemoryMarshal.AsBytes<ushort>(tileScales)
                .CopyTo(bytes.AsSpan((int)layout.ScaleOffset + (tile * tileScales.Length * sizeof(ushort))));
        }

        return (bytes, all, allScales);
    }

    private static byte[] RandomBlocks(ElementType type)
    {
        byte[] bytes = new byte[ElementTypes.RowBytes(type, Rows * Cols)];
        new Random(7).NextBytes(bytes);
        if (type == ElementType.Q8_0)
        {
            bytes.AsSpan().Replace((byte)0x80, (byte)0x81);
        }

        int blockBytes = ElementTypes.BlockBytes(type);
        for (int block = 0; block < bytes.Length / blockBytes; block++)
        {
            Half scale = (Half)Scales[block % Scales.Length];
            BinaryPrimitives.WriteHalfLittleEndian(bytes.AsSpan(block * blockBytes), scale);
        }

        return bytes;
    }
}
