namespace MoREdge.Tensors;

/// <summary>
/// Activations quantized to int8, one float32 scale per group of 32 columns, in native memory: the right-hand side of
/// every integer product. x[c] ≈ Scales[c / 32]·Values[c], |Values| ≤ 127.
/// </summary>
// SAFETY: the view neither owns nor checks its memory; Over checks the size of the buffer, whose owner keeps it alive.
public readonly unsafe struct QuantizedRows
{
    /// <summary>Views three arrays, (rows, groups·32), (rows, groups) and (rows, groups).</summary>
    public QuantizedRows(sbyte* values, float* scales, int* sums, int rows, int groupCount)
    {
        Values = values;
        Scales = scales;
        Sums = sums;
        Rows = rows;
        GroupCount = groupCount;
    }

    /// <summary>Quants (rows, groups·32); columns past the logical end are 0.</summary>
    public sbyte* Values { get; }

    /// <summary>Scales (rows, groups).</summary>
    public float* Scales { get; }

    /// <summary>Sums of the quants of each group (rows, groups): what cancels a zero point.</summary>
    public int* Sums { get; }

    /// <summary>Rows (tokens).</summary>
    public int Rows { get; }

    /// <summary>Groups of 32 columns per row.</summary>
    public int GroupCount { get; }

    /// <summary>Bytes that <see cref="Over"/> needs for this many rows and columns.</summary>
    public static long ByteCount(int rows, int cols)
    {
        long groups = Groups(cols);
        return checked(rows * groups * (PackedLayout.GroupSize + sizeof(float) + sizeof(int)));
    }

    /// <summary>Lays the three arrays out in <paramref name="buffer"/>, values first.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The buffer is too small.</exception>
    public static QuantizedRows Over(AlignedBuffer buffer, int rows, int cols)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ByteCount(rows, cols), buffer.ByteCount, nameof(rows));
        int groups = Groups(cols);
        long groupsTotal = (long)rows * groups;
        byte* scales = buffer.Data + (groupsTotal * PackedLayout.GroupSize);
        return new QuantizedRows(
            (sbyte*)buffer.Data, (float*)scales, (int*)(scales + (groupsTotal * sizeof(float))), rows, groups);
    }

    /// <summary>Rows [start, start + count).</summary>
    public QuantizedRows Slice(int start, int count)
    {
        long groups = (long)start * GroupCount;
        return new QuantizedRows(
            Values + (groups * PackedLayout.GroupSize), Scales + groups, Sums + groups, count, GroupCount);
    }

    private static int Groups(int cols) => (cols + PackedLayout.GroupSize - 1) / PackedLayout.GroupSize;
}
