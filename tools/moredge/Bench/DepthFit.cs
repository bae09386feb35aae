namespace MoREdge.Cli;

/// <summary>
/// Whether shallow tokens save what they should: the time of a token is fitted as fixed + depth × block over the depths
/// of one setting, and so is its work, the bytes or multiply-adds that should set the time.
/// </summary>
internal sealed class DepthFit
{
    private DepthFit(BenchRow deepest, LinearFit seconds, LinearFit work)
    {
        Deepest = deepest;
        Seconds = seconds;
        Work = work;
    }

    /// <summary>The row of the deepest tokens.</summary>
    public BenchRow Deepest { get; }

    /// <summary>Seconds per token over the depth.</summary>
    public LinearFit Seconds { get; }

    /// <summary>Work per token over the depth.</summary>
    public LinearFit Work { get; }

    /// <summary>The part of the time of the deepest tokens that the recursions take.</summary>
    public double LoopShareOfTime => LoopShare(Seconds);

    /// <summary>The part of the work of the deepest tokens that the recursions are.</summary>
    public double LoopShareOfWork => LoopShare(Work);

    /// <summary>A fit for every setting that was measured at two depths or more.</summary>
    public static List<DepthFit> Of(IEnumerable<BenchRow> rows)
    {
        List<List<BenchRow>> groups = [];
        foreach (BenchRow row in rows)
        {
            List<BenchRow>? group = groups.Find(other => AnyDepth(other[0]) == AnyDepth(row));
            if (group is null)
            {
                group = [];
                groups.Add(group);
            }

            group.Add(row);
        }

        List<DepthFit> fits = [];
        foreach (List<BenchRow> group in groups)
        {
            if (LinearFit.Through(group.ConvertAll(row => (row.MeanDepth, 1 / row.Speed.Median))) is { } seconds
                && LinearFit.Through(group.ConvertAll(row => (row.MeanDepth, row.WorkPerToken))) is { } work)
            {
                group.Sort((x, y) => y.MeanDepth.CompareTo(x.MeanDepth));
                fits.Add(new DepthFit(group[0], seconds, work));
            }
        }

        return fits;
    }

    private static BenchSetting AnyDepth(BenchRow row) => row.Setting with { DepthMax = null };

    private double LoopShare(LinearFit fit) => fit.Slope * Deepest.MeanDepth / fit.At(Deepest.MeanDepth);
}
