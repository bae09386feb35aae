using System.Runtime.InteropServices;
using MoREdge.Checkpoints;
using MoREdge.ModelFile;

namespace MoREdge.Tests.Checkpoints.Llama2c;

public sealed class Llama2cCheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_Stories260K_ReadsWeightsAndTokenizer()
    {
        string folder = SharedData.Require("data/checkpoints/stories260K");

        using Checkpoint checkpoint = Checkpoint.Open(Path.Combine(folder, "stories260K.bin"));

        Assert.Equal(2 + (5 * 9), checkpoint.Tensors.Count);
        Assert.Equal("llama", checkpoint.Metadata.Architecture);
        Assert.Equal(512, checkpoint.Metadata.RequireStringArray(MetadataKeys.TokenizerTokens).Length);
        Assert.Equal([1, 2], checkpoint.Metadata.RequireInt32Array(MetadataKeys.EosIds));
        Assert.Equal(1, checkpoint.Metadata.RequireInt32(MetadataKeys.TokenizerBos));
        Assert.Empty(checkpoint.Warnings);
    }

    [Fact]
    public void Open_TheSameModelInBothVersions_GivesTheSameTensors()
    {
        string folder = SharedData.Require("data/checkpoints/stories260K");
        using Checkpoint legacy = Checkpoint.Open(Path.Combine(folder, "checkpoint_legacy.bin"));
        using Checkpoint version1 = Checkpoint.Open(Path.Combine(folder, "checkpoint_v1.bin"));

        Assert.Equal(legacy.Tensors.Count, version1.Tensors.Count);
        foreach (CheckpointTensor tensor in legacy.Tensors)
        {
            Assert.Equal(tensor.ReadAll(), version1.Tensor(tensor.Name).ReadAll());
        }
    }

    [Fact]
    public void Open_Version2_MultipliesGroupsByTheirScales()
    {
        string path = _folder.Write("model.bin", Version2());

        using Checkpoint checkpoint = Checkpoint.Open(path);

        // The embedding comes first after the norms: quant i mod 7, group g has scale 1 + g.
        float[] embedding = checkpoint.Tensor("token_embd.weight").ReadAll();
        for (int i = 0; i < embedding.Length; i++)
        {
            Assert.Equal((i % 7) * (1f + (i / 4)), embedding[i]);
        }

        float[] row = new float[8];
        checkpoint.Tensor("token_embd.weight").ReadRows(3, 1, row);
        Assert.Equal(embedding[24..32], row);
        Assert.Contains("tokenizer", Assert.Single(checkpoint.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_WrongSizeOrVersion_IsRefusedByName()
    {
        byte[] file = Version2();
        Assert.Equal(CheckpointError.Truncated, CheckpointReading.Refusal(_folder.Write("short.bin", file[..^1])));
        Assert.Equal(CheckpointError.SizeMismatch, CheckpointReading.Refusal(_folder.Write("long.bin", [.. file, 0])));
        file[4] = 3;
        Assert.Equal(CheckpointError.UnsupportedOption, CheckpointReading.Refusal(_folder.Write("v3.bin", file)));
        file[4] = 2;
        file[8] = 7;
        Assert.Equal(CheckpointError.Llama2cMalformed, CheckpointReading.Refusal(_folder.Write("odd.bin", file)));
        int[] huge = [1 << 22, 1 << 22, 4096, 1 << 20, 1 << 20, 1 << 22, 1 << 22];
        byte[] claim = MemoryMarshal.AsBytes<int>(huge).ToArray();
        Assert.Equal(CheckpointError.Truncated, CheckpointReading.Refusal(_folder.Write("huge.bin", claim)));
    }

    [Fact]
    public void Open_TwoTokenizersBeside_AreAmbiguous()
    {
        string path = _folder.Write("model.bin", Version2());
        _folder.Write("tok1.bin", "x");
        _folder.Write("tok2.bin", "y");

        Assert.Equal(CheckpointError.InvalidTokenizer, CheckpointReading.Refusal(path));
    }

    [Fact]
    public void Open_WithARecursionConfiguration_IsRefused()
    {
        string path = _folder.Write("model.bin", Version2());
        CheckpointOptions options = new() { MorConfigPath = _folder["config.yaml"] };

        ArgumentException fault = Assert.Throws<ArgumentException>(() => Checkpoint.Open(path, options).Dispose());

        Assert.Contains("CheckpointOptions.MorConfigPath is not for it", fault.Message, StringComparison.Ordinal);
    }

    /// <summary>Width 8, FFN 8, 1 layer, 2/1 heads, vocabulary 10, context 16, groups of 4, tied.</summary>
    private static byte[] Version2()
    {
        MemoryStream file = new();
        file.Write(MemoryMarshal.AsBytes<int>([0x616b3432, 2, 8, 8, 1, 2, 1, 10, 16]));
        file.WriteByte(1);
        file.Write(BitConverter.GetBytes(4));
        file.SetLength(256);
        file.Position = 256;
        file.Write(MemoryMarshal.AsBytes<float>(new float[3 * 8]));
        foreach (int count in (ReadOnlySpan<int>)[80, 64, 32, 32, 64, 64, 64, 64])
        {
            for (int i = 0; i < count; i++)
            {
                file.WriteByte((byte)(i % 7));
            }

            for (int group = 0; group < count / 4; group++)
            {
                file.Write(BitConverter.GetBytes(1f + group));
            }
        }

        return file.ToArray();
    }
}
