using System.Buffers.Binary;
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
        Assert.InRange(report.RelativeError, 0, 0.01);
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
