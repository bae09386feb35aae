using MoREdge.ModelFile;

namespace MoREdge.Tests.ModelFile;

public sealed class HostileFileTests
{
    /// <summary>
    /// Room for the exception with its message and stack, the file handles and the map's objects: measured below 20 KB,
    /// while the smallest claim below would take megabytes.
    /// </summary>
    private const long AllocatedBytesMax = 64 * 1024;

    private const ulong FourGiB = 1UL << 32;

    private static readonly (string Name, RawGguf File)[] Claims =
    [
        ("string", new RawGguf(0, 1).Key("a", GgufValueType.String).UInt64(FourGiB)),
        ("key", new RawGguf(0, 1).UInt64(FourGiB)),
        ("array of bytes", new RawGguf(0, 1).Array("a", GgufValueType.UInt8, FourGiB)),
        ("array of strings", new RawGguf(0, 1).Array("a", GgufValueType.String, FourGiB)),
        ("last item", new RawGguf(0, 1).Array("a", GgufValueType.String, 2).Text("").UInt64(FourGiB)),
        ("all tensors", new RawGguf(ModelFileLimits.TensorCountMax, 0)),
        ("all keys", new RawGguf(0, ModelFileLimits.MetadataCountMax)),
        ("too many tensors", new RawGguf(FourGiB, 0)),
        ("tensor", new RawGguf(1, 0).Tensor("t", 24, 0, FourGiB)),
        ("packed", new RawGguf(1, 6).Number(MetadataKeys.PackedTileRows, 8).Number(MetadataKeys.PackedGroupSize, 32)
            .Strings(MetadataKeys.PackedNames, "t").Strings(MetadataKeys.PackedFormats, "Q8G32")
            .Numbers(MetadataKeys.PackedRows, int.MaxValue).Numbers(MetadataKeys.PackedCols, int.MaxValue)
            .Tensor("t", 24, 0, 64).Data(64)),
    ];

    public static TheoryData<string> ClaimNames() => [.. Claims.Select(claim => claim.Name)];

    [Theory, MemberData(nameof(ClaimNames))]
    public void Open_SmallFileWithAHugeClaim_AllocatesNothingForIt(string name)
    {
        using TemporaryFolder folder = new();
        byte[] bytes = Claims.Single(claim => claim.Name == name).File.ToArray();
        Array.Resize(ref bytes, Math.Max(bytes.Length, 1024));
        string path = folder.Write("claim.gguf", bytes);
        OpenAndFail(path); // takes what the first call of everything takes

        long before = GC.GetAllocatedBytesForCurrentThread();
        OpenAndFail(path);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.InRange(allocated, 0, AllocatedBytesMax);
    }

    [Fact]
    public void Open_AnyByteChanged_SucceedsOrThrowsModelFileException()
    {
        using TemporaryFolder folder = new();
        byte[] good = File.ReadAllBytes(SampleModel.Write(folder));
        Random random = new(7);
        int accepted = 0;
        for (int at = 0; at < good.Length; at++)
        {
            byte[] bad = [.. good];
            bad[at] ^= (byte)random.Next(1, 256);
            accepted += UseAll(folder.Write("bad.gguf", bad)) ? 1 : 0;
        }

        // What may pass: padding behind the tensors (56 + 48 bytes), and the 20 + 21 bytes of the digest keys' names
        // with their lengths and types, for a file without digests is a good file.
        Assert.InRange(accepted, 56 + 48, 56 + 48 + 100);
    }

    [Fact]
    public void Open_CutAtEveryLength_ThrowsModelFileException()
    {
        using TemporaryFolder folder = new();
        byte[] good = File.ReadAllBytes(SampleModel.Write(folder));
        const int PaddingBytes = 48;
        for (int length = 0; length < good.Length - PaddingBytes; length++)
        {
            bool accepted = UseAll(folder.Write("bad.gguf", good[..length]));
            Assert.False(accepted, $"{length} of {good.Length} bytes were accepted.");
        }
    }

    [Fact]
    public void Open_SeveralRandomBytesWithoutDigests_SucceedsOrThrowsModelFileException()
    {
        using TemporaryFolder folder = new();
        byte[] good = new RawGguf(2, 4).String("general.architecture", "llama").Number("n", 5)
            .Strings("texts", "a", "bc", "def").Numbers("numbers", 1, 2, 3)
            .Tensor("t", 0, 0, 4, 2).Tensor("u", 8, 32, 32).Data(32 + 34).ToArray();
        Assert.True(UseAll(folder.Write("good.gguf", good)));
        Random random = new(11);
        for (int round = 0; round < 3000; round++)
        {
            byte[] bad = [.. good];
            for (int change = random.Next(1, 5); change > 0; change--)
            {
                bad[random.Next(24, bad.Length)] = (byte)random.Next(256);
            }

            UseAll(folder.Write("bad.gguf", bad));
        }
    }

    private static void OpenAndFail(string path)
    {
        try
        {
            GgufFile.Open(path).Dispose();
            Assert.Fail("The claim was believed.");
        }
        catch (ModelFileException)
        {
            // Expected; any other exception fails the test.
        }
    }

    /// <summary>Opens a file and touches everything in it; false when that threw a ModelFileException.</summary>
    private static bool UseAll(string path)
    {
        try
        {
            using GgufFile file = GgufFile.Open(path);
            foreach (KeyValuePair<string, GgufValue> entry in file.Metadata.Entries)
            {
                entry.Value.TryGetStrings(out _);
                Assert.NotNull(entry.Value.ToString());
            }

            foreach (GgufTensor tensor in file.Tensors)
            {
                file.VerifyTensor(tensor);
                _ = file.Bytes(tensor).IndexOf((byte)0xA5);
                _ = tensor.Packed is null ? file.Dense(tensor).Rows : file.Packed(tensor).Layout.Rows;
            }

            return true;
        }
        catch (ModelFileException)
        {
            return false;
        }
    }
}
