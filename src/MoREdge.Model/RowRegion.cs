namespace MoREdge.Model;

/// <summary>Hands out runs of neighbouring rows of a buffer, first fit.</summary>
internal sealed class RowRegion(int firstRow, int rowCount)
{
    private readonly bool[] _taken = new bool[rowCount];

    /// <summary>
    /// Takes up to <paramref name="wanted"/> rows: the first hole of that size, or else the largest.
    /// </summary>
    /// <returns>First row and count; a count of 0 when every row is taken.</returns>
    public (int First, int Count) Take(int wanted)
    {
        (int start, int count) = (0, 0);
        int row = 0;
        while (row < _taken.Length && count < wanted)
        {
            int end = row;
            while (end < _taken.Length && !_taken[end] && end - row < wanted)
            {
                end++;
            }

            (start, count) = end - row > count ? (row, end - row) : (start, count);
            row = end + 1;
        }

        _taken.AsSpan(start, count).Fill(true);
        return (firstRow + start, count);
    }

    /// <summary>Gives rows back.</summary>
    public void Release(int first, int count) => _taken.AsSpan(first - firstRow, count).Clear();
}
