using MoREdge.Inference;
using MoREdge.ModelFile;
using MoREdge.Tests.ModelFile;
using MoREdge.Tests.Tokenization;
using MoREdge.Tokenization;

namespace MoREdge.Tests.Inference;

/// <summary>
/// What a vocabulary costs is what its tables cost: time to the first token, and memory of a small board.
/// </summary>
public sealed class TokenizerMemoryTests
{
    private const int TokenCount = 49_152;
    private const int ByteCount = 256;
    private const int MergeCount = TokenCount - ByteCount;

    // The smallest power of two that leaves a table half empty.
    private const int SlotCount = 131_072;

    [Fact]
    public void Load_Vocabulary49152_AllocatesItsTablesAlone()
    {
        using TemporaryFolder folder = new();
        (int tokenBytes, int mergeBytes) = Write(folder.File("vocabulary.gguf"));
        using GgufFile file = GgufFile.Open(folder.File("vocabulary.gguf"));
        TokenizerLoader.Load(file);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Tokenizer tokenizer = TokenizerLoader.Load(file);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        // Texts and their offsets; kinds, as int32 and as enum; bytes of the tokens, offsets and hash table; first
        // merges of the tokens; next merge and left part of the merges; a flag per token. 64 KB are for everything
        // else: one object per token or merge would be more than a megabyte.
        long texts = tokenBytes + mergeBytes + (sizeof(int) * (TokenCount + MergeCount));
        long tables = tokenBytes + (sizeof(int) * TokenCount * 4) + (sizeof(int) * SlotCount)
            + ((sizeof(int) + sizeof(ushort)) * MergeCount) + TokenCount;
        Assert.InRange(allocated, tables, texts + tables + (64 << 10));
        Assert.Equal([ByteCount], tokenizer.Encode("!!"));
        Assert.Equal([ByteCount + 1], tokenizer.Encode("!\""));
    }

    [Fact]
    public void Open_Vocabulary49152_AllocatesLittle()
    {
        using TemporaryFolder folder = new();
        Write(folder.File("vocabulary.gguf"));
        GgufFile.Open(folder.File("vocabulary.gguf")).Dispose();

        long before = GC.GetAllocatedBytesForCurrentThread();
        GgufFile.Open(folder.File("vocabulary.gguf")).Dispose();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 64 << 10);
    }

    /// <summary>The 256 bytes, and pairs of them; returns the bytes of all tokens and of all merges.</summary>
    private static (int Tokens, int Merges) Write(string path)
    {
        TokenizerDefinition bytes = SmallDefinitions.ByteLevel();
        string[] tokens = new string[TokenCount];
        string[] merges = new string[MergeCount];
        for (int value = 0; value < ByteCount; value++)
        {
            tokens[value] = bytes.Tokens[3 + value];
        }

        for (int rank = 0; rank < MergeCount; rank++)
        {
            (string left, string right) = (tokens[First(rank)], tokens[Second(rank)]);
            tokens[ByteCount + rank] = left + right;
            merges[rank] = $"{left} {right}";
        }

        GgufMetadata metadata = new();
        int[] kinds = new int[TokenCount];
        Array.Fill(kinds, (int)TokenKind.Normal);
        metadata.Set(MetadataKeys.TokenizerModel, GgufValue.FromString("gpt2"));
        metadata.Set(MetadataKeys.TokenizerPre, GgufValue.FromString("gpt-2"));
        metadata.Set(MetadataKeys.TokenizerTokens, GgufValue.FromStrings(tokens));
        metadata.Set(MetadataKeys.TokenizerTokenTypes, GgufValue.FromInt32s(kinds));
        metadata.Set(MetadataKeys.TokenizerMerges, GgufValue.FromStrings(merges));
        using GgufWriter writer = new(path, metadata, []);
        writer.Finish();
        return (TextTable.Create(tokens).ByteCount, TextTable.Create(merges).ByteCount);
    }

    /// <summary>The first pair is "!!", the next one "!\"".</summary>
    private static int First(int rank) => ('!' + (rank / ByteCount)) % ByteCount;

    private static int Second(int rank) => ('!' + (rank % ByteCount)) % ByteCount;
}
