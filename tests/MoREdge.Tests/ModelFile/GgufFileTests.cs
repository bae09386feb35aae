using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Tests.ModelFile;

public sealed unsafe class GgufFileTests
{
    [Fact]
    public void Open_WrittenFile_GivesBackMetadataTensorsAndBytes()
    {
        using TemporaryFolder folder = new();
        using GgufFile file = GgufFile.Open(SampleModel.Write(folder));

        Assert.Equal("mor", file.Metadata.Architecture);
        Assert.Equal(3u, file.Metadata.RequireUInt32(file.Metadata.ArchitectureKey(MetadataKeys.RecursionCount)));
        Assert.Equal(new FileInfo(file.Path).Length, file.FileBytes);
        Assert.Equal([SampleModel.DenseName, SampleModel.PackedName], file.Tensors.Select(tensor => tensor.Name));
        Assert.Equal(SampleModel.DenseBytes(), file.Bytes(file.Tensors[0]).ToArray());
        Assert.Equal(SampleModel.PackedBytes(), file.Bytes(file.Tensors[1]).ToArray());
        Assert.Equal(SampleModel.PackedBytes()[100..120], file.Bytes(file.Tensors[1], 100, 20).ToArray());
    }

    [Fact]
    public void Dense_FloatTensor_IsAViewOfTheMap()
    {
        using TemporaryFolder folder = new();
        using GgufFile file = GgufFile.Open(SampleModel.Write(folder));

        DenseMatrix matrix = file.Dense(file.RequireTensor(SampleModel.DenseName));

        Assert.Equal((1, 2, ElementType.F32), (matrix.Rows, matrix.Cols, matrix.Type));
        Assert.Equal(1f, ((float*)matrix.Data)[0]);
        Assert.Equal(2f, ((float*)matrix.Data)[1]);
    }

    [Fact]
    public void Packed_PackedTensor_Is64ByteAlignedAndDequantizes()
    {
        using TemporaryFolder folder = new();
        using GgufFile file = GgufFile.Open(SampleModel.Write(folder));
        GgufTensor tensor = file.RequireTensor(SampleModel.PackedName);

        PackedMatrix matrix = file.Packed(tensor);

        Assert.Equal(new TensorShape(2, 3), tensor.Shape);
        Assert.Equal(ElementType.I8, tensor.Type);
        Assert.Equal(0u, (nuint)matrix.Quants % 64);
        Assert.Equal(0u, (nuint)matrix.Scales % 64);
        float[] weights = new float[8 * 32];
        PackedTile.Dequantize(
            matrix.Layout,
            new ReadOnlySpan<byte>(matrix.Quants, (int)matrix.Layout.QuantBytes),
            new ReadOnlySpan<ushort>(matrix.Scales, 8),
            weights);
        Assert.Equal([-4f, -0.5f, 0.5f, 0f], weights[..4]);
        Assert.Equal([2f, 3f, 7f, 0f], weights[32..36]);
    }

    /// <summary>llama.cpp's quantizer copies the digests of its source and sets the version of its blocks.</summary>
    [Fact]
    public void Digests_OfTheFileThatThisWasQuantizedFrom_AreIgnored()
    {
        using TemporaryFolder folder = new();
        string other = new('0', 32);
        string path = new RawGguf(1, 3)
            .String(MetadataKeys.HeaderDigest, other)
            .Strings(MetadataKeys.TensorDigests, other, other)
            .Number(MetadataKeys.QuantizationVersion, 2)
            .Tensor("t", 0, 0, 1).Data(4).Save(folder);
        using GgufFile file = GgufFile.Open(path);

        file.VerifyHeader();
        file.VerifyTensor(file.Tensors[0]);
        Assert.False(file.HasDigests || file.HasHeaderDigest);
    }

    [Fact]
    public void Shape_OfFileOrder_IsReversedToOutermostFirst()
    {
        using TemporaryFolder folder = new();
        string path = new RawGguf(1, 0).Tensor("t", 1, 0, 4, 3, 2).Data(48).Save(folder);
        using GgufFile file = GgufFile.Open(path);

        file.Tensors[0].RequireShape(2, 3, 4);
        DenseMatrix matrix = file.Dense(file.Tensors[0]);
        Assert.Equal((6, 4), (matrix.Rows, matrix.Cols));
        Assert.False(file.HasDigests);
        Assert.False(file.HasHeaderDigest);
        file.VerifyTensor(file.Tensors[0]);
    }

    [Fact]
    public void VerifyTensor_EveryDataByteFlipped_NamesTheTensor()
    {
        using TemporaryFolder folder = new();
        string path = SampleModel.Write(folder);
        byte[] good = File.ReadAllBytes(path);
        (string Name, long Offset, long Count)[] places;
        using (GgufFile file = GgufFile.Open(path))
        {
            Assert.True(file.HasDigests && file.HasHeaderDigest);
            places = [.. file.Tensors.Select(tensor => (tensor.Name, tensor.Offset, tensor.ByteCount))];
        }

        foreach ((string name, long offset, long count) in places)
        {
            for (long at = offset; at < offset + count; at++)
            {
                byte[] bad = [.. good];
                bad[at] ^= 0x10;
                using GgufFile file = GgufFile.Open(folder.Write("bad.gguf", bad));
                ModelFileException thrown =
                    Assert.Throws<ModelFileException>(() => file.VerifyTensor(file.RequireTensor(name)));
                Assert.Equal(ModelFileError.TensorDigestMismatch, thrown.Error);
                Assert.Contains(name, thrown.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Open_TwiceAtOnceAndAfterDeletion_StillReads()
    {
        using TemporaryFolder folder = new();
        string path = SampleModel.Write(folder);
        using GgufFile first = GgufFile.Open(path);
        using GgufFile second = GgufFile.Open(path);
        File.Delete(path);

        Assert.Equal(SampleModel.DenseBytes(), first.Bytes(first.Tensors[0]).ToArray());
        second.VerifyTensor(second.Tensors[1]);
    }

    [Fact]
    public void Bytes_AfterDispose_Throws()
    {
        using TemporaryFolder folder = new();
        GgufFile file = GgufFile.Open(SampleModel.Write(folder));
        GgufTensor tensor = file.Tensors[0];
        file.Dispose();
        file.Dispose();

        Assert.Throws<ObjectDisposedException>(() => file.Dense(tensor));
        Assert.Throws<ObjectDisposedException>(() => file.Metadata.GetStringArray(MetadataKeys.TensorDigests));
    }

    [Theory]
    [InlineData(10, "is stored as Q2_K, which")]
    [InlineData(11, "is stored as Q3_K, which")]
    [InlineData(23, "is stored as IQ4_XS, which")]
    [InlineData(39, "is stored as MXFP4, which")]
    [InlineData(4, "has the unknown element type 4.")]
    public void Open_TypeThatIsNotRead_IsNamed(uint type, string part)
    {
        using TemporaryFolder folder = new();

        ModelFileException fault = Assert.Throws<ModelFileException>(
            () => new RawGguf(1, 0).Tensor("t", type, 0, 256).Data(256).Open(folder));

        Assert.Equal(ModelFileError.UnsupportedElementType, fault.Error);
        Assert.Contains($"the tensor 't' {part}", fault.Message, StringComparison.Ordinal);
    }

    /// <summary>Version 3 differs from 2 in that its numbers may be big-endian.</summary>
    [Fact]
    public void Open_Version2_ReadsWhatVersion3Says()
    {
        using TemporaryFolder folder = new();
        RawGguf old = new RawGguf(1, 1, version: 2).String(MetadataKeys.Name, "old").Tensor("t", 0, 0, 4).Data(16);
        using GgufFile file = GgufFile.Open(old.Save(folder));

        Assert.Equal("old", file.Metadata.RequireString(MetadataKeys.Name));
        Assert.Equal(4, file.RequireTensor("t").Shape.Cols);
    }

    [Theory]
    [InlineData("ggml-vocab-gpt-2.gguf", "gpt2", 50257)]
    [InlineData("ggml-vocab-llama-spm.gguf", "llama", 32000)]
    [InlineData("ggml-vocab-phi-3.gguf", "phi3", 32064)]
    public void Open_PublicVocabularyFile_ReadsItsTokens(string name, string architecture, int tokenCount)
    {
        string path = SharedData.Require("data/tokenizers/ggml-vocab/" + name);
        using GgufFile file = GgufFile.Open(path);

        Assert.Empty(file.Tensors);
        Assert.Equal(architecture, file.Metadata.Architecture);
        Assert.Equal(tokenCount, file.Metadata.RequireStringArray(MetadataKeys.TokenizerTokens).Length);
        Assert.Equal(tokenCount, file.Metadata.RequireInt32Array(MetadataKeys.TokenizerTokenTypes).Length);
    }
}
