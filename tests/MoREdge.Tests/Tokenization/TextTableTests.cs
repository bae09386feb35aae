using MoREdge.Tokenization;

namespace MoREdge.Tests.Tokenization;

public sealed class TextTableTests
{
    [Fact]
    public void Create_AnyTexts_KeepsThem()
    {
        string[] texts = ["the", "", "Ġ", "漢字", "🙂", "the"];
        TextTable table = TextTable.Create(texts);
        Assert.Equal(texts, table);
        Assert.Equal((6, 3 + 2 + 6 + 4 + 3), (table.Count, table.ByteCount));
        Assert.Equal("Ġ"u8, table.Utf8(2));
        Assert.Equal((0, 1, 4, -1), (table.IndexOf("the"), table.IndexOf(""), table.IndexOf("🙂"), table.IndexOf("th")));
    }

    [Fact]
    public void Construct_BytesAndOffsets_AreTheTexts() =>
        Assert.Equal(["ab", "", "c"], new TextTable("abc"u8.ToArray(), [0, 2, 2, 3]));

    [Fact]
    public void Start_OfATable_IsItsFirstTexts()
    {
        TextTable table = ["ab", "", "Ġc", "d"];
        Assert.Equal(["ab", "", "Ġc"], table.Start(3));
        Assert.Empty(table.Start(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => table.Start(5));
    }

    [Theory]
    [InlineData()]
    [InlineData(1, 3)]
    [InlineData(0, 2)]
    [InlineData(0, 4)]
    [InlineData(0, 2, 1, 3)]
    [InlineData(0, -1, 3)]
    public void Construct_OffsetsThatDoNotFit_AreRefused(params int[] offsets) =>
        Assert.Throws<ArgumentException>(() => new TextTable("abc"u8.ToArray(), offsets));
}
