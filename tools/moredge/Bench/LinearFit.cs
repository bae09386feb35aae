namespace MoREdge.Cli;

/// <summary>y = intercept + slope·x by least squares.</summary>
/// <param name="Intercept">y at x = 0.</param>
/// <param name="Slope">What one x adds.</param>
/// <param name="DeviationMax">
/// The largest distance of a point from the line, as a fraction of the line; null for two points, which any line meets.
/// </param>
internal readonly record struct LinearFit(double Intercept, double Slope, double? DeviationMax)
{
    /// <summary>The line through points of at least two different x; null when there are none.</summary>
    public static LinearFit? Through(List<(double X, double Y)> points)
    {
        if (!points.Exists(point => point.X != points[0].X))
        {
            return null;
        }

        double meanX = 0;
        double meanY = 0;
        foreach ((double x, double y) in points)
        {
            meanX += x / points.Count;
            meanY += y / points.Count;
        }

        double squares = 0;
        double products = 0;
        foreach ((double x, double y) in points)
        {
            squares += (x - meanX) * (x - meanX);
            products += (x - meanX) * (y - meanY);
        }

        double slope = products / squares;
        LinearFit fit = new(meanY - (slope * meanX), slope, null);
        return points.Count == 2 ? fit : fit with { DeviationMax = fit.Deviation(points) };
    }

    /// <summary>y on the line.</summary>
    public double At(double x) => Intercept + (Slope * x);

    private double Deviation(List<(double X, double Y)> points)
    {
        double max = 0;
        foreach ((double x, double y) in points)
        {
            max = Math.Max(max, Math.Abs(y - At(x)) / At(x));
        }

        return max;
    }
}
