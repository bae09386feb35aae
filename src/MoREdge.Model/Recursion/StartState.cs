namespace MoREdge.Model.Recursion;

/// <summary>
/// The state that a loop of Huginn begins with when it is drawn: √H times a normal variable of deviation √(2 / (5·H)),
/// cut at three deviations. Each number depends on the seed, the token's position and its place alone, so that a text
/// gives the same however it is cut.
/// </summary>
internal static class StartState
{
    private const double CutDeviations = 3;

    // Steele et al. 2014, "Fast splittable pseudorandom number generators", figure 17.
    private const ulong Increment = 0x9E3779B97F4A7C15;
    private const ulong FirstMix = 0xBF58476D1CE4E5B9;
    private const ulong SecondMix = 0x94D049BB133111EB;

    /// <summary>Draws the state of the token at <paramref name="position"/>.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="position">Position in the text.</param>
    /// <param name="width">H.</param>
    /// <param name="state">(H).</param>
    public static void Draw(ulong seed, int position, int width, Span<float> state)
    {
        double deviation = Math.Sqrt(2.0 / (5 * width)) * Math.Sqrt(width);
        ulong text = Mix(seed ^ Mix((ulong)position + Increment));
        for (int i = 0; i < state.Length; i++)
        {
            ulong stream = Mix(text + ((ulong)i * Increment));
            double normal;
            do
            {
                normal = Normal(ref stream);
            }
            while (Math.Abs(normal) > CutDeviations);

            state[i] = (float)(normal * deviation);
        }
    }

    // Box and Muller 1958.
    private static double Normal(ref ulong stream)
    {
        double radius = Math.Sqrt(-2 * Math.Log(Unit(ref stream)));
        return radius * Math.Cos(2 * Math.PI * Unit(ref stream));
    }

    /// <summary>In (0, 1].</summary>
    private static double Unit(ref ulong stream)
    {
        stream += Increment;
        return ((Mix(stream) >> 11) + 1) * (1.0 / (1UL << 53));
    }

    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * FirstMix;
        x = (x ^ (x >> 27)) * SecondMix;
        return x ^ (x >> 31);
    }
}
