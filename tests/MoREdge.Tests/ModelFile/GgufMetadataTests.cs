using MoREdge.ModelFile;

namespace MoREdge.Tests.ModelFile;

public sealed class GgufMetadataTests
{
    [Fact]
    public void Values_OfEveryType_SurviveTheFile()
    {
        using TemporaryFolder folder = new();
        RawGguf raw = new(0, 14);
        raw.Key("u8", GgufValueType.UInt8).UInt8(200).Key("i8", GgufValueType.Int8).UInt8(0xFE)
            .Key("u16", GgufValueType.UInt16).Bytes(0xFF, 0xFF).Key("i16", GgufValueType.Int16).Bytes(0xFE, 0xFF)
            .Number("u32", uint.MaxValue).Key("i32", GgufValueType.Int32).UInt32(0xFFFFFFFE)
            .Key("u64", GgufValueType.UInt64).UInt64(ulong.MaxValue)
            .Key("i64", GgufValueType.Int64).UInt64(ulong.MaxValue - 1)
            .Key("f32", GgufValueType.Float32).UInt32(0x3FC00000)
            .Key("f64", GgufValueType.Float64).UInt64(0x3FF8000000000000)
            .Key("true", GgufValueType.Boolean).UInt8(1).String("text", "ünï").Strings("texts", "", "b", "漢")
            .Array("f64s", GgufValueType.Float64, 2).UInt64(0x3FF8000000000000).UInt64(0);
        string first = raw.Save(folder);
        string second = folder.File("rewritten.gguf");
        using (GgufFile file = GgufFile.Open(first))
        {
            Check(file.Metadata);
            using GgufWriter writer = new(second, file.Metadata, []);
            writer.Finish();
        }

        using GgufFile rewritten = GgufFile.Open(second);
        Check(rewritten.Metadata);
        string[] order =
            ["u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64", "true", "text", "texts", "f64s"];
        Assert.Equal(order, rewritten.Metadata.Entries.Take(14).Select(entry => entry.Key));
    }

    /// <summary>The map shows what others write into the file.</summary>
    [Fact]
    public void Strings_WhoseLengthsChangedSinceOpening_AreRefused()
    {
        using TemporaryFolder folder = new();
        string path = new RawGguf(0, 1).Strings("texts", "ab", "c").Save(folder);
        using GgufFile file = GgufFile.Open(path);
        Assert.Equal(["ab", "c"], file.Metadata.GetStringArray("texts"));
        byte[] bytes = File.ReadAllBytes(path);
        int length = bytes.AsSpan().IndexOf("ab"u8) - sizeof(ulong);
        using (FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.Position = length;
            stream.WriteByte(200);
        }

        ModelFileException fault = Assert.Throws<ModelFileException>(() => file.Metadata.GetStringArray("texts"));

        Assert.Equal(ModelFileError.StringBounds, fault.Error);
    }

    [Fact]
    public void Getters_AbsentKey_GiveTheFallback()
    {
        GgufMetadata metadata = new();
        Assert.Null(metadata.GetString("a"));
        Assert.Equal("x", metadata.GetString("a", "x"));
        Assert.Equal(7, metadata.GetInt32("a", 7));
        Assert.Equal(7u, metadata.GetUInt32("a", 7));
        Assert.Equal(0.5, metadata.GetFloat64("a", 0.5));
        Assert.True(metadata.GetBoolean("a", true));
        Assert.Empty(metadata.GetStringArray("a"));
        Assert.Empty(metadata.GetInt32Array("a"));
        Assert.Empty(metadata.GetFloat32Array("a"));
        Assert.False(metadata.TryGetString("a", out _));
    }

    [Fact]
    public void Arrays_MadeInMemory_ReadBack()
    {
        GgufMetadata metadata = new();
        metadata.Set("i", GgufValue.FromInt32s(-1, int.MaxValue));
        metadata.Set("u", GgufValue.FromUInt32s(1, 2));
        metadata.Set("f", GgufValue.FromFloat32s(0.5f, -2f));
        metadata.Set("d", GgufValue.FromFloat64s(0.1));
        metadata.Set("s", GgufValue.FromStrings("a", "bc"));
        Assert.Equal([-1, int.MaxValue], metadata.GetInt32Array("i"));
        Assert.Equal([1, 2], metadata.GetInt32Array("u"));
        Assert.Equal([0.5, -2.0], metadata.GetFloat64Array("f"));
        Assert.Equal([0.1], metadata.GetFloat64Array("d"));
        Assert.Equal(["a", "bc"], metadata.GetStringArray("s"));
        Assert.Equal("abc"u8, metadata.RequireUtf8Array("s", out int[] offsets));
        Assert.Equal([0, 1, 3], offsets);
        Assert.Throws<ModelFileException>(() => metadata.RequireUtf8Array("i", out _));
        Assert.Throws<ModelFileException>(() => metadata.RequireUtf8Array("absent", out _));
    }

    [Fact]
    public void Message_WithAHostileName_HasNoControlCharacters()
    {
        ModelFileException thrown =
            Assert.Throws<ModelFileException>(() =>
                new GgufMetadata().RequireString("\u001b[2J" + new string('x', 500)));
        Assert.DoesNotContain(thrown.Message, char.IsControl);
        Assert.True(thrown.Message.Length < 200);
    }

    private static void Check(GgufMetadata metadata)
    {
        Assert.Equal(200, metadata.RequireInt32("u8"));
        Assert.Equal(-2, metadata.RequireInt32("i8"));
        Assert.Equal(65535, metadata.RequireInt32("u16"));
        Assert.Equal(-2, metadata.RequireInt32("i16"));
        Assert.Equal(uint.MaxValue, metadata.RequireUInt32("u32"));
        Assert.Equal(-2, metadata.RequireInt32("i32"));
        Assert.True(metadata.TryGetInt64("i64", out long big));
        Assert.Equal(-2, big);
        Assert.True(metadata.TryGetValue("u64", out GgufValue? huge) && huge.TryGetInteger(out Int128 integer));
        Assert.Equal(ulong.MaxValue, huge.TryGetInteger(out integer) ? integer : 0);
        Assert.Equal(1.5, metadata.RequireFloat64("f32"));
        Assert.Equal(1.5, metadata.RequireFloat64("f64"));
        Assert.True(metadata.RequireBoolean("true"));
        Assert.Equal("ünï", metadata.RequireString("text"));
        Assert.Equal(["", "b", "漢"], metadata.RequireStringArray("texts"));
        Assert.Equal([1.5, 0.0], metadata.RequireFloat64Array("f64s"));
    }
}
