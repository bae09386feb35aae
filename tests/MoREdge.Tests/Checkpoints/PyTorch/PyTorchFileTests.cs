using System.IO.Compression;
using MoREdge.Checkpoints;
using MoREdge.Checkpoints.PyTorch;

namespace MoREdge.Tests.Checkpoints.PyTorch;

public sealed class PyTorchFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_TiedTensorsInOneStorage_AreStoredOnce()
    {
        SyntheticModel model = SyntheticModel.Expert(3, 2, isMiddle: true, isAttentionTied: true);
        System.Text.Json.Nodes.JsonObject config = SyntheticModel.Config(8);
        config["mor"] = SyntheticModel.Mor("expert", 3, "middle_cycle");
        _folder.WriteConfig(config);
        WriteModel(model);

        using Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath);

        Assert.Equal(2 + (4 * 9) + 3, checkpoint.Tensors.Count);
        Assert.Equal(
            model.Values("model.layers.3.block.1.mlp.up_proj.weight"),
            checkpoint.Tensor("blk.2.ffn_up.weight").ReadAll());
        Assert.Equal(model.Values("model.norm.weight"), checkpoint.Tensor("output_norm.weight").ReadAll());
    }

    [Fact]
    public void Open_GlobalThatCouldRunCode_IsRefusedByName()
    {
        byte[] pickle = new PickleWriter().Global("os", "system").Raw('(').Text("true").Raw('t', 'R').End();
        WriteZip(pickle, [], CompressionLevel.NoCompression);

        CheckpointException fault = Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder.FullPath));

        Assert.Equal(CheckpointError.PickleGlobal, fault.Error);
        Assert.Contains("os.system", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(16, 0, new[] { 4, 4 }, new[] { 4, 1 }, "FloatStorage", null)]
    [InlineData(16, 1, new[] { 4, 4 }, new[] { 4, 1 }, "FloatStorage", CheckpointError.StorageOutOfBounds)]
    [InlineData(99, 1, new[] { 4, 4 }, new[] { 4, 1 }, "FloatStorage", CheckpointError.StorageOutOfBounds)]
    [InlineData(16, 0, new[] { 4, 4 }, new[] { 1, 4 }, "FloatStorage", CheckpointError.StrideNotContiguous)]
    [InlineData(16, 0, new[] { 1, 16 }, new[] { 99, 1 }, "FloatStorage", null)]
    [InlineData(16, 0, new[] { 4, 0 }, new[] { 1, 1 }, "FloatStorage", CheckpointError.InvalidShape)]
    [InlineData(16, 0, new[] { 4, 4 }, new[] { 4, 1 }, "LongStorage", CheckpointError.UnsupportedElementType)]
    [InlineData(16, 0, new[] { 4, 4 }, new[] { 4 }, "FloatStorage", CheckpointError.PickleMalformed)]
    [InlineData(16, 0, new[] { 4, 4 }, new[] { 4, 1 }, "StringStorage", CheckpointError.PickleGlobal)]
    public void Open_TensorDescriptions_AreChecked(
        int elements, int offset, int[] size, int[] stride, string storage, CheckpointError? expected)
    {
        byte[] pickle = new PickleWriter().Tensor("a", "0", elements, offset, size, stride, storage).End();
        WriteZip(pickle, [new float[16]], CompressionLevel.NoCompression);

        // A tensor that is well described fails later, because it is no Llama.
        Assert.Equal(expected ?? CheckpointError.MissingTensor, CheckpointReading.Refusal(_folder.FullPath));
    }

    [Theory]
    [InlineData(new[] { 0x80, 2, 'P' }, CheckpointError.PickleOpcode)]
    [InlineData(new[] { 0x80, 2, 'i' }, CheckpointError.PickleOpcode)]
    [InlineData(new[] { 0x80, 2, '.' }, CheckpointError.PickleMalformed)]
    [InlineData(new[] { 0x80, 2, 'h', 9 }, CheckpointError.PickleMalformed)]
    [InlineData(new[] { 0x80, 2, 'X', 255, 255, 255, 255 }, CheckpointError.PickleMalformed)]
    [InlineData(new[] { 0x80, 2, ']', '.' }, CheckpointError.PickleMalformed)]
    [InlineData(new[] { 0x80, 2, '}', 'K', 1, 'K', 1, 's', '.' }, CheckpointError.PickleMalformed)]
    [InlineData(new[] { 0x80, 2, '}', 'K' }, CheckpointError.PickleMalformed)]
    public void Open_WrongPickle_IsRefusedByName(int[] pickle, CheckpointError expected)
    {
        WriteZip(Array.ConvertAll(pickle, value => (byte)value), [], CompressionLevel.NoCompression);

        Assert.Equal(expected, CheckpointReading.Refusal(_folder.FullPath));
    }

    /// <summary>An empty list is a byte in the file and more than sixty in memory.</summary>
    [Fact]
    public void Open_MoreInstructionsThanAnyStateDictionaryHas_AreRefused()
    {
        byte[] pickle = new byte[PickleMachine.InstructionsMax + 2];
        Array.Fill(pickle, (byte)']');
        pickle[^1] = (byte)'.';
        WriteZip(pickle, [], CompressionLevel.NoCompression);

        Assert.Equal(CheckpointError.HeaderTooLarge, CheckpointReading.Refusal(_folder.FullPath));
    }

    /// <summary>Each tensor would copy the sizes, and they could be the same long tuple for all.</summary>
    [Fact]
    public void Open_MoreDimensionsThanAnyTensorHas_AreRefusedBeforeTheyAreCopied()
    {
        int[] sizes = new int[100];
        Array.Fill(sizes, 1);
        WriteZip(
            new PickleWriter().Tensor("a", "0", 1, 0, sizes, sizes[..99]).End(), [[1f]],
            CompressionLevel.NoCompression);

        Assert.Equal(CheckpointError.InvalidShape, CheckpointReading.Refusal(_folder.FullPath));
    }

    [Fact]
    public void Open_DuplicateName_IsRefused()
    {
        PickleWriter pickle = new();
        pickle.Tensor("a", "0", 16, 0, [16], [1]).Tensor("a", "0", 16, 0, [16], [1]);
        WriteZip(pickle.End(), [new float[16]], CompressionLevel.NoCompression);

        Assert.Equal(CheckpointError.DuplicateTensor, CheckpointReading.Refusal(_folder.FullPath));
    }

    [Fact]
    public void Open_CompressedEntry_IsRefused()
    {
        WriteZip(new PickleWriter().End(), [new float[4096]], CompressionLevel.Optimal);

        Assert.Equal(CheckpointError.ZipEntryNotStored, CheckpointReading.Refusal(_folder.FullPath));
    }

    [Fact]
    public void Open_TruncatedZip_IsRefused()
    {
        WriteZip(new PickleWriter().End(), [new float[64]], CompressionLevel.NoCompression);
        byte[] zip = File.ReadAllBytes(_folder["pytorch_model.bin"]);
        for (int length = 4; length < zip.Length; length += 7)
        {
            _folder.Write("pytorch_model.bin", zip[..length]);
            Assert.Equal(CheckpointError.ZipMalformed, CheckpointReading.Refusal(_folder.FullPath));
        }
    }

    /// <summary>What a local header says of its length is not in the directory.</summary>
    [Fact]
    public void Open_LocalHeaderThatReachesBehindTheFile_IsRefused()
    {
        byte[] pickle = new PickleWriter().Tensor("a", "0", 16, 0, [4, 4], [4, 1]).End();
        WriteZip(pickle, [new float[16]], CompressionLevel.NoCompression);
        byte[] zip = File.ReadAllBytes(_folder["pytorch_model.bin"]);
        int name = zip.AsSpan().IndexOf("archive/data/0"u8);
        zip.AsSpan(name - 2, 2).Fill(0xFF);
        _folder.Write("pytorch_model.bin", zip);

        Assert.Equal(CheckpointError.ZipMalformed, CheckpointReading.Refusal(_folder.FullPath));
    }

    private void WriteModel(SyntheticModel model)
    {
        PickleWriter pickle = new();
        List<float[]> storages = [];
        foreach (SyntheticTensor tensor in model.Tensors)
        {
            int key = storages.IndexOf(tensor.Values);
            if (key < 0)
            {
                key = storages.Count;
                storages.Add(tensor.Values);
            }

            int[] stride = tensor.Shape.Length == 1 ? [1] : [tensor.Shape[1], 1];
            pickle.Tensor(tensor.Name, $"{key}", tensor.Values.Length, 0, tensor.Shape, stride);
        }

        WriteZip(pickle.End(), storages, CompressionLevel.NoCompression);
        if (!File.Exists(_folder["config.json"]))
        {
            _folder.WriteConfig(SyntheticModel.Config(1));
        }
    }

    private void WriteZip(byte[] pickle, List<float[]> storages, CompressionLevel level)
    {
        if (!File.Exists(_folder["config.json"]))
        {
            _folder.WriteConfig(SyntheticModel.Config(1));
        }

        using ZipArchive zip = new(File.Create(_folder["pytorch_model.bin"]), ZipArchiveMode.Create);
        Add("archive/data.pkl", pickle);
        Add("archive/byteorder", "little"u8.ToArray());
        for (int i = 0; i < storages.Count; i++)
        {
            Add($"archive/data/{i}", SafetensorsBuilder.Encode(storages[i], "F32"));
        }

        void Add(string name, byte[] bytes)
        {
            using Stream entry = zip.CreateEntry(name, level).Open();
            entry.Write(bytes);
        }
    }
}
