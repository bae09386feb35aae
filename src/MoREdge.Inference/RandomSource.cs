namespace MoREdge.Inference;

/// <summary>
/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014, figure 10): small, and the same numbers for the same seed on every
/// platform and in every version, which <see cref="Random"/> does not promise.
/// </summary>
internal struct RandomSource(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A uniform number in [0, 1) with 53 random bits.</summary>
    public double NextDouble()
    {
        _state += 0x9E3779B97F4A7C15;
        ulong z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        z ^= z >> 31;
        return (z >> 11) * (1.0 / (1UL << 53));
    }
}
