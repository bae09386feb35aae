namespace MoREdge.Model.Weights;

/// <summary>Divisors of the rotary frequencies (rotated dimensions / 2) that a file holds.</summary>
/// <param name="Always">For texts of any length, or null.</param>
/// <param name="Short">For contexts up to the original one, or null.</param>
/// <param name="Long">For longer contexts, or null.</param>
internal sealed record RotaryFactors(float[]? Always, float[]? Short, float[]? Long)
{
    /// <summary>The divisors of a context.</summary>
    /// <param name="isLong">Whether it is longer than the original one. Like the reference that people compare with,
    /// the room for a text decides, not its length so far: keys that are stored cannot be rotated again.</param>
    public float[]? For(bool isLong) => Always ?? (isLong ? Long : Short);
}
