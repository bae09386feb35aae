using MoREdge.Model;

namespace MoREdge.Tests.Model;

public sealed class RowRegionTests
{
    [Fact]
    public void Take_FragmentedRegion_GivesTheFirstHoleThatFitsOrTheLargest()
    {
        RowRegion region = new(firstRow: 100, rowCount: 10);
        Assert.Equal((100, 4), region.Take(4));
        Assert.Equal((104, 3), region.Take(3));
        Assert.Equal((107, 3), region.Take(9));
        Assert.Equal(0, region.Take(1).Count);

        region.Release(100, 2);
        region.Release(104, 3);

        Assert.Equal((104, 3), region.Take(5));
        Assert.Equal((100, 1), region.Take(1));
        Assert.Equal((101, 1), region.Take(2));
        Assert.Equal(0, region.Take(2).Count);
    }
}
