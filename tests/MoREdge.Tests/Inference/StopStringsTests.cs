using System.Text;
using MoREdge.Inference;

namespace MoREdge.Tests.Inference;

public sealed class StopStringsTests
{
    [Fact]
    public void Push_StopAcrossPieces_ShowsOnlyWhatIsBefore()
    {
        StopStrings stops = new(["<end>"]);
        Assert.Equal("a", stops.Push("a<e"));
        Assert.Equal("", stops.Push("nd"));
        Assert.Equal("", stops.Push("> more"));
        Assert.True(stops.IsHit);
        Assert.Equal("", stops.Push("x"));
        Assert.Equal("", stops.Flush());
    }

    [Fact]
    public void Push_FalseBeginning_IsShownLater()
    {
        StopStrings stops = new(["abcd"]);
        Assert.Equal("x", stops.Push("xab"));
        Assert.Equal("ab", stops.Push("ab"));
        Assert.Equal("ab", stops.Flush());
        Assert.False(stops.IsHit);
    }

    [Fact]
    public void Push_TwoStops_TheEarlierWins()
    {
        StopStrings stops = new(["two", "one"]);
        Assert.Equal("start ", stops.Push("start one two"));
        Assert.True(stops.IsHit);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Push_AnyPieceLength_ShowsTheSameText(int length)
    {
        const string Text = "ababababc and ababx";
        StopStrings stops = new(["ababx", "zzz"]);
        StringBuilder shown = new();
        for (int i = 0; i < Text.Length; i += length)
        {
            shown.Append(stops.Push(Text.Substring(i, Math.Min(length, Text.Length - i))));
        }

        Assert.True(stops.IsHit);
        Assert.Equal("ababababc and ", shown.ToString());
    }
}
