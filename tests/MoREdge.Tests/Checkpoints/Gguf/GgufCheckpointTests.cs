using System.Buffers.Binary;
using MoREdge.Checkpoints;
using MoREdge.Checkpoints.Dequantization;
using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Tests.Checkpoints.Gguf;

public sealed class GgufCheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ElementType.F32)]
    [InlineData(ElementType.BF16)]
    [InlineData(ElementType.Q4_0)]
    [InlineData(ElementType.Q6_K)]
    public void Open_DenseTensor_IsDequantizedRowByRow(ElementType type)
    {
        byte[] bytes = RandomBlocks(type, 3 * 256);
        string path = Write(Metadata("llama"), new GgufTensorPlan("a.weight", new TensorShape(3, 256), type), bytes);
        float[] expected = new float[3 * 256];
        ElementDecoder.Decode(type, bytes, expected);

        using Checkpoint checkpoint = Checkpoint.Open(path);

        CheckpointTensor tensor = checkpoint.Tensor("a.weight");
        Assert.Equal(expected, tensor.ReadAll());
        float[] row = new float[256];
        tensor.ReadRows(2, 1, row);
        Assert.Equal(expected[512..], row);
        Assert.Equal("value", checkpoint.Metadata.RequireString("custom.key"));
        Assert.False(checkpoint.Metadata.Contains("general.file_type"));
    }

    [Theory]
    [InlineData(QuantFormat.Q8G32)]
    [InlineData(QuantFormat.Q4G32)]
    public void Open_PackedTensor_IsUnpackedRowByRow(QuantFormat format)
    {
        const int Rows = 11;
        const int Cols = 40;
        GgufTensorPlan plan = GgufTensorPlan.Packed("a.weight", format, Rows, Cols);
        (byte[] bytes, float[] expected) = RandomPacked(plan.Layout!.Value);
        string path = Write(Metadata("mor"), plan, bytes);

        using Checkpoint checkpoint = Checkpoint.Open(path);

        CheckpointTensor tensor = checkpoint.Tensor("a.weight");
        Assert.Equal(new TensorShape(Rows, Cols), tensor.Shape);
        Assert.Equal(expected, tensor.ReadAll());
        float[] rows = new float[2 * Cols];
        tensor.ReadRows(7, 2, rows);
        Assert.Equal(expected[(7 * Cols)..(9 * Cols)], rows);
        Assert.False(checkpoint.Metadata.Contains(MetadataKeys.PackedNames));
    }

    /// <summary>A damaged source must not get digests that say that all is well.</summary>
    [Fact]
    public void Open_TensorThatItsDigestDoesNotFit_IsRefusedWhenItIsRead()
    {
        GgufTensorPlan packed = GgufTensorPlan.Packed("a.weight", QuantFormat.Q8G32, 8, 32);
        GgufTensorPlan blocks = new("b.weight", new TensorShape(1, 32), ElementType.Q8_0);
        (byte[] bytes, _) = RandomPacked(packed.Layout!.Value);
        string path = _folder["damaged.gguf"];
        using (GgufWriter writer = new(path, Metadata("mor"), [packed, blocks]))
        {
            writer.Write(bytes);
            writer.Write(Enumerable.Repeat((byte)77, (int)blocks.ByteCount).ToArray());
            writer.Finish();
        }

        byte[] file = File.ReadAllBytes(path);
        file[file.AsSpan().IndexOf(bytes)] ^= 1;
        file[file.AsSpan().LastIndexOf((byte)77)] ^= 1;
        File.WriteAllBytes(path, file);

        using Checkpoint checkpoint = Checkpoint.Open(path);

        foreach (string name in (string[])["a.weight", "b.weight"])
        {
            CheckpointTensor tensor = checkpoint.Tensor(name);
            int rowCount = (int)tensor.Shape.Rows;
            CheckpointException rows = Assert.Throws<CheckpointException>(() => tensor.ReadAll());
            CheckpointException groups = Assert.Throws<CheckpointException>(
                () => tensor.ReadGroups(0, rowCount, new sbyte[rowCount * 32], new ushort[rowCount]));
            Assert.Equal(CheckpointError.InvalidModelFile, rows.Error);
            Assert.Equal(CheckpointError.InvalidModelFile, groups.Error);
        }
    }

    [Fact]
    public void Open_ScalingAndWindow_ArePassedOn()
    {
        GgufMetadata metadata = Metadata("llama");
        metadata.Set("llama.rope.scaling.type", GgufValue.FromString("yarn"));
        metadata.Set("llama.rope.scaling.factor", GgufValue.FromFloat32(4));
        metadata.Set("llama.attention.sliding_window", GgufValue.FromUInt32(16));

        using Checkpoint checkpoint = Checkpoint.Open(WriteSmall(metadata));

        Assert.Equal("yarn", checkpoint.Metadata.RequireString("llama.rope.scaling.type"));
        Assert.Equal(4, checkpoint.Metadata.RequireFloat64("llama.rope.scaling.factor"));
        Assert.Equal(16u, checkpoint.Metadata.RequireUInt32("llama.attention.sliding_window"));
    }

    [Fact]
    public void Open_WhatWouldRunWrongly_IsRefusedByName()
    {
        Assert.Equal(
            CheckpointError.UnsupportedArchitecture, CheckpointReading.Refusal(WriteSmall(Metadata("mamba2"))));
        GgufTensorPlan integers = new("a", new TensorShape(4), ElementType.I32);
        Assert.Equal(
            CheckpointError.UnsupportedElementType,
            CheckpointReading.Refusal(Write(Metadata("llama"), integers, new byte[16])));
        Assert.Equal(
            CheckpointError.InvalidModelFile, CheckpointReading.Refusal(_folder.Write("bad.gguf", "GGUF????")));
    }

    [Fact]
    public void Open_WhatIsStoredTogether_IsTakenApart()
    {
        GgufMetadata metadata = Metadata("phi3");
        metadata.Set("phi3.attention.head_count", GgufValue.FromUInt32(2));
        metadata.Set("phi3.attention.head_count_kv", GgufValue.FromUInt32(1));
        metadata.Set("phi3.embedding_length", GgufValue.FromUInt32(4));
        metadata.Set("phi3.expert_count", GgufValue.FromUInt32(2));
        GgufTensorPlan[] plans =
        [
            new("blk.0.attn_qkv.weight", new TensorShape(8, 4), ElementType.F32),
            new("blk.0.ffn_up.weight", new TensorShape(6, 4), ElementType.F32),
            new("blk.1.ffn_down_exps.weight", new TensorShape(2, 4, 3), ElementType.F32),
            new("blk.1.ffn_gate_up_exps.weight", new TensorShape(2, 6, 2), ElementType.F32),
        ];
        string path = Path.Combine(_folder.FullPath, "fused.gguf");
        using (GgufWriter writer = new(path, metadata, plans, overwrite: false))
        {
            byte[] bytes = Counting(104);
            int written = 0;
            foreach (GgufTensorPlan plan in plans)
            {
                writer.Write(bytes.AsSpan(written, (int)plan.ByteCount));
                written += (int)plan.ByteCount;
            }

            writer.Finish();
        }

        using Checkpoint checkpoint = Checkpoint.Open(path);

        AssertPart("blk.0.attn_q.weight", 0, 4, 4);
        AssertPart("blk.0.attn_k.weight", 16, 2, 4);
        AssertPart("blk.0.attn_v.weight", 24, 2, 4);
        AssertPart("blk.0.ffn_gate.weight", 32, 3, 4);
        AssertPart("blk.0.ffn_up.weight", 44, 3, 4);
        AssertPart("blk.1.ffn_down.0.weight", 56, 4, 3);
        AssertPart("blk.1.ffn_down.1.weight", 68, 4, 3);
        AssertPart("blk.1.ffn_gate.0.weight", 80, 3, 2);
        AssertPart("blk.1.ffn_up.0.weight", 86, 3, 2);
        AssertPart("blk.1.ffn_gate.1.weight", 92, 3, 2);
        AssertPart("blk.1.ffn_up.1.weight", 98, 3, 2);
        Assert.Equal(11, checkpoint.Tensors.Count);

        void AssertPart(string name, int first, int rows, int cols)
        {
            CheckpointTensor part = checkpoint.Tensor(name);
            Assert.Equal(new TensorShape(rows, cols), part.Shape);
            Assert.Equal(first, part.ReadAll()[0]);
            Assert.Equal(first + (rows * cols) - 1, part.ReadAll()[^1]);
        }
    }

    [Fact]
    public void Open_FeedForwardWithoutAGate_IsOneMatrix()
    {
        GgufMetadata metadata = Metadata("retnet");
        metadata.Set("retnet.feed_forward.gated", GgufValue.FromBoolean(false));
        GgufTensorPlan plan = new("blk.0.ffn_up.weight", new TensorShape(6, 4), ElementType.F32);

        using Checkpoint checkpoint = Checkpoint.Open(Write(metadata, plan, Counting(24)));

        Assert.Equal(new TensorShape(6, 4), Assert.Single(checkpoint.Tensors).Shape);
    }

    /// <summary>Of a stack of tiny experts each would become a tensor with a name.</summary>
    [Theory]
    [InlineData(8, 7, CheckpointError.ShapeMismatch)]
    [InlineData(8, null, CheckpointError.ShapeMismatch)]
    [InlineData(1 << 17, 1 << 17, CheckpointError.InvalidShape)]
    public void Open_StackOfOtherOrTooManyExperts_IsRefused(int stored, int? stated, CheckpointError expected)
    {
        GgufMetadata metadata = Metadata("olmoe");
        if (stated is { } count)
        {
            metadata.Set("olmoe.expert_count", GgufValue.FromUInt32((uint)count));
        }

        GgufTensorPlan stack = new("blk.0.ffn_gate_exps.weight", new TensorShape(stored, 1, 1), ElementType.F32);

        Assert.Equal(expected, CheckpointReading.Refusal(Write(metadata, stack, Counting(stored))));
    }

    private static byte[] Counting(int count)
    {
        byte[] bytes = new byte[count * sizeof(float)];
        for (int i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), i);
        }

        return bytes;
    }

    private static GgufMetadata Metadata(string architecture)
    {
        GgufMetadata metadata = new();
        metadata.Set(MetadataKeys.Architecture, GgufValue.FromString(architecture));
        metadata.Set("general.file_type", GgufValue.FromUInt32(7));
        metadata.Set("custom.key", GgufValue.FromString("value"));
        return metadata;
    }

    private static byte[] RandomBlocks(ElementType type, int elements)
    {
        byte[] bytes = new byte[elements / ElementTypes.BlockLength(type) * ElementTypes.BlockBytes(type)];
        new Random(11).NextBytes(bytes);
        for (int i = 0; i < bytes.Length; i++)
        {
            // Bits of an fp16, bf16 or float32 stay below the exponents of infinities and NaNs.
            bytes[i] &= 0xBB;
        }

        return bytes;
    }

    private static (byte[] Bytes, float[] Weights) RandomPacked(PackedLayout layout)
    {
        Random random = new(13);
        byte[] bytes = new byte[layout.TotalBytes];
        float[] weights = new float[layout.Rows * layout.Cols];
        int quantBytes = layout.GroupCount * PackedLayout.TileGroupBytes(layout.Format);
        int scaleBytes = layout.GroupCount * PackedLayout.TileRows * sizeof(ushort);
        for (int tile = 0; tile < layout.TileCount; tile++)
        {
            sbyte[] quants = new sbyte[PackedLayout.TileRows * layout.PaddedCols];
            ushort[] scales = new ushort[PackedLayout.TileRows * layout.GroupCount];
            for (int row = 0; row < PackedLayout.TileRows && (tile * PackedLayout.TileRows) + row < layout.Rows; row++)
            {
                ushort scale = BitConverter.HalfToUInt16Bits((Half)(1f / (row + 1)));
                Array.Fill(scales, scale, row * layout.GroupCount, layout.GroupCount);
                for (int col = 0; col < layout.Cols; col++)
                {
                    sbyte quant = (sbyte)random.Next(-7, 8);
                    quants[(row * layout.PaddedCols) + col] = quant;
                    int index = (((tile * PackedLayout.TileRows) + row) * layout.Cols) + col;
                    weights[index] = (float)(Half)(1f / (row + 1)) * quant;
                }
            }

            Span<byte> tileScales = bytes.AsSpan((int)layout.ScaleOffset + (tile * scaleBytes), scaleBytes);
            PackedTile.Pack(
                layout,
                quants,
                scales,
                bytes.AsSpan(tile * quantBytes, quantBytes),
                System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ushort>(tileScales));
        }

        return (bytes, weights);
    }

    private string WriteSmall(GgufMetadata metadata) =>
        Write(metadata, new GgufTensorPlan("a.weight", new TensorShape(4), ElementType.F32), new byte[16]);

    private string Write(GgufMetadata metadata, GgufTensorPlan plan, byte[] bytes)
    {
        string path = _folder[$"{Guid.NewGuid():N}.gguf"];
        using GgufWriter writer = new(path, metadata, [plan]);
        writer.Write(bytes);
        writer.Finish();
        return path;
    }
}
