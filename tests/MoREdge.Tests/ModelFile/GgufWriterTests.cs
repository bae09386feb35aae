using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Tests.ModelFile;

public sealed class GgufWriterTests
{
    [Fact]
    public void Finish_SmallModel_LeavesOneFileAndNoTemporaryOne()
    {
        using TemporaryFolder folder = new();
        string path = SampleModel.Write(folder);
        Assert.Equal([path], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Dispose_WithoutFinish_KeepsTheOldFileAndDeletesTheTemporaryOne()
    {
        using TemporaryFolder folder = new();
        string path = SampleModel.Write(folder);
        byte[] old = File.ReadAllBytes(path);

        using (GgufWriter writer = new(path, SampleModel.Metadata(), SampleModel.Plans(), overwrite: true))
        {
            writer.Write(SampleModel.DenseBytes());
            Assert.Equal(2, Directory.GetFiles(folder.Path).Length);
        }

        Assert.Equal([path], Directory.GetFiles(folder.Path));
        Assert.Equal(old, File.ReadAllBytes(path));
    }

    [Fact]
    public void Finish_Overwriting_LeavesAnOpenMapOfTheOldFileIntact()
    {
        using TemporaryFolder folder = new();
        string path = SampleModel.Write(folder);
        using GgufFile old = GgufFile.Open(path);

        GgufTensorPlan plan = new("other", new TensorShape(1), ElementType.F32);
        using (GgufWriter writer = new(path, new GgufMetadata(), [plan], overwrite: true))
        {
            writer.Write([1, 2, 3, 4]);
            writer.Finish();
        }

        old.VerifyTensor(old.Tensors[1]);
        using GgufFile fresh = GgufFile.Open(path);
        Assert.Equal("other", Assert.Single(fresh.Tensors).Name);
    }

    [Fact]
    public void Write_InUnevenChunks_GivesTheSameFileAsInOne()
    {
        using TemporaryFolder folder = new();
        byte[] whole = File.ReadAllBytes(SampleModel.Write(folder));
        string path = folder.File("chunks.gguf");
        using (GgufWriter writer = new(path, SampleModel.Metadata(), SampleModel.Plans()))
        {
            foreach (byte[] chunk in SampleModel.DenseBytes().Chunk(3).Concat(SampleModel.PackedBytes().Chunk(29)))
            {
                writer.Write(chunk);
            }

            Assert.Null(writer.Current);
            Assert.Equal(whole.Length, writer.FileBytes);
            writer.Finish();
        }

        Assert.Equal(whole, File.ReadAllBytes(path));
    }

    [Fact]
    public void Digest_OfEightBytes_IsTheirXxh3WorkedByHand()
    {
        // The 4-to-8-byte case of the XXH3-128 specification with seed 0, computed step by step outside this project.
        using TemporaryFolder folder = new();
        using GgufFile file = GgufFile.Open(SampleModel.Write(folder));
        Assert.Equal("4533ce61c4655ba3c3e077b25dd1d769", file.Tensors[0].Digest);
    }

    [Fact]
    public void Metadata_WithTheWritersOwnKeys_IsReplaced()
    {
        using TemporaryFolder folder = new();
        GgufMetadata metadata = SampleModel.Metadata();
        metadata.Set(MetadataKeys.Alignment, GgufValue.FromUInt32(128));
        metadata.Set(MetadataKeys.HeaderDigest, GgufValue.FromString("old"));
        metadata.Set(MetadataKeys.PackedNames, GgufValue.FromStrings("old"));
        metadata.Set(MetadataKeys.QuantizationVersion, GgufValue.FromUInt32(2));
        string path = folder.File("f.gguf");
        using (GgufWriter writer = new(path, metadata, []))
        {
            writer.Finish();
        }

        using GgufFile file = GgufFile.Open(path);
        Assert.False(file.Metadata.Contains(MetadataKeys.Alignment));
        Assert.False(file.Metadata.Contains(MetadataKeys.PackedNames));
        Assert.True(file.HasDigests && file.HasHeaderDigest);
        Assert.Equal(0, file.FileBytes % 32);
    }

    [Fact]
    public void Write_WithoutPackedTensors_AlignsByTheDefault()
    {
        // llama.cpp's quantizer copies the key of another alignment and places its data by the default.
        using TemporaryFolder folder = new();
        string path = folder.File("f.gguf");
        GgufTensorPlan[] plans =
            [new("a", new TensorShape(3), ElementType.F32), new("b", new TensorShape(5), ElementType.F32)];
        using (GgufWriter writer = new(path, SampleModel.Metadata(), plans))
        {
            writer.Write(new byte[12]);
            writer.Write(new byte[20]);
            writer.Finish();
        }

        using GgufFile file = GgufFile.Open(path);
        Assert.False(file.Metadata.Contains(MetadataKeys.Alignment));
        Assert.Equal(32, file.RequireTensor("b").Offset - file.RequireTensor("a").Offset);
        Assert.Equal(0, file.RequireTensor("a").Offset % 32);
    }

    [Fact]
    public void Write_WithPackedTensors_AlignsByALine()
    {
        using TemporaryFolder folder = new();
        string path = SampleModel.Write(folder);
        using GgufFile file = GgufFile.Open(path);
        Assert.Equal(64, file.Metadata.RequireInt32(MetadataKeys.Alignment));
        Assert.Equal(0, file.FileBytes % 64);
    }

    [Fact]
    public void Write_MoreThanPlanned_ThrowsArgumentException()
    {
        using TemporaryFolder folder = new();
        using GgufWriter writer = new(folder.File("f"), SampleModel.Metadata(), SampleModel.Plans());
        Assert.Throws<ArgumentException>(() => writer.Write(new byte[9]));
    }

    [Fact]
    public void Finish_WithATensorIncomplete_Throws()
    {
        using TemporaryFolder folder = new();
        using GgufWriter writer = new(folder.File("f"), SampleModel.Metadata(), SampleModel.Plans());
        writer.Write(SampleModel.DenseBytes());
        Assert.Throws<InvalidOperationException>(writer.Finish);
    }

    [Theory]
    [InlineData(28, ModelFileError.DiskFull)] // ENOSPC
    [InlineData(122, ModelFileError.DiskFull)] // EDQUOT
    [InlineData(unchecked((int)0x80070070), ModelFileError.DiskFull)]
    [InlineData(5, ModelFileError.WriteFailed)] // EIO
    public void WriteFault_ErrorOfTheSystem_IsClassified(int code, ModelFileError expected)
    {
        ModelFileException fault = WriteFault.From(new IOException("refused", code), "model.gguf", 100);
        Assert.Equal(expected, fault.Error);
        Assert.Contains("model.gguf", fault.Message, StringComparison.Ordinal);
    }
}
