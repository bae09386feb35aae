using System.Globalization;

namespace MoREdge.Checkpoints.Recursion;

/// <summary>The share of tokens each recursion may keep (spec section 2.4).</summary>
internal static class Capacities
{
    /// <summary>(N − i) / N in double: 2/3 is written in full, because 0.667·2048 would keep one token more.</summary>
    public static double[] Default(int recursionCount)
    {
        double[] capacities = new double[recursionCount];
        for (int i = 0; i < recursionCount; i++)
        {
            capacities[i] = (recursionCount - i) / (double)recursionCount;
        }

        return capacities;
    }

    /// <summary>The numbers of a comma-separated string.</summary>
    /// <exception cref="CheckpointException">InvalidCapacity.</exception>
    public static double[] Parse(string text)
    {
        string[] parts = text.Split(',');
        double[] capacities = new double[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!double.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out capacities[i]))
            {
                throw Invalid($"{CheckpointException.Quote(text)} is not a list of numbers");
            }
        }

        return capacities;
    }

    /// <summary>One capacity per recursion, in (0, 1], never increasing.</summary>
    /// <exception cref="CheckpointException">InvalidCapacity.</exception>
    public static void Check(double[] capacities, int recursionCount)
    {
        if (capacities.Length != recursionCount)
        {
            throw Invalid($"{capacities.Length} capacities are given for {recursionCount} recursions");
        }

        double previous = 1;
        foreach (double capacity in capacities)
        {
            if (!(capacity > 0 && capacity <= 1))
            {
                throw Invalid($"{capacity} is not in (0, 1]");
            }

            if (capacity > previous)
            {
                throw Invalid("a recursion cannot keep more tokens than the one before it");
            }

            previous = capacity;
        }
    }

    private static CheckpointException Invalid(string what) =>
        new(CheckpointError.InvalidCapacity, $"The capacities are wrong: {what}.");
}
