namespace MoREdge.Tensors;

/// <summary>The dimensions of a tensor, outermost first: a weight matrix y = W·x is (rows, cols).</summary>
public readonly struct TensorShape : IEquatable<TensorShape>
{
    /// <summary>
    /// The most dimensions a tensor may have: one more than GGUF v3 knows, because checkpoints have such.
    /// </summary>
    public const int RankMax = 5;

    private readonly long[] _dimensions;

    /// <summary>Copies <paramref name="dimensions"/> and checks that the product fits in 63 bits.</summary>
    /// <exception cref="ArgumentException">Rank outside 1…5, or a dimension below 1.</exception>
    /// <exception cref="OverflowException">The element count does not fit.</exception>
    public TensorShape(params ReadOnlySpan<long> dimensions)
    {
        if (dimensions.Length is < 1 or > RankMax)
        {
            throw new ArgumentException($"A tensor has 1 to {RankMax} dimensions, not {dimensions.Length}.");
        }

        long count = 1;
        foreach (long dimension in dimensions)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(dimension, 1, nameof(dimensions));
            count = checked(count * dimension);
        }

        _dimensions = dimensions.ToArray();
        ElementCount = count;
    }

    /// <summary>The product of all dimensions.</summary>
    public long ElementCount { get; }

    /// <summary>The number of dimensions.</summary>
    public int Rank => _dimensions.Length;

    /// <summary>The dimensions, outermost first.</summary>
    public ReadOnlySpan<long> Dimensions => _dimensions;

    /// <summary>The innermost dimension: elements that are contiguous in memory.</summary>
    public long Cols => _dimensions[^1];

    /// <summary>The product of all other dimensions: how many rows of <see cref="Cols"/> elements there are.</summary>
    public long Rows => ElementCount / Cols;

    /// <summary>Dimension <paramref name="index"/>, outermost first.</summary>
    public long this[int index] => _dimensions[index];

    /// <summary>Compares dimension by dimension.</summary>
    public static bool operator ==(TensorShape left, TensorShape right) => left.Equals(right);

    /// <summary>Compares dimension by dimension.</summary>
    public static bool operator !=(TensorShape left, TensorShape right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(TensorShape other) => Dimensions.SequenceEqual(other.Dimensions);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is TensorShape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Rank, ElementCount, Cols);

    /// <summary>For example "(960, 2560)".</summary>
    public override string ToString() => $"({string.Join(", ", _dimensions)})";
}
