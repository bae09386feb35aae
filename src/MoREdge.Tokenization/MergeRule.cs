namespace MoREdge.Tokenization;

/// <summary>A run of text that is, for now, one symbol; symbols form a linked list in text order.</summary>
internal struct Symbol
{
    /// <summary>First byte in the text.</summary>
    public int Start;

    /// <summary>Byte count; 0 once merged into its left neighbour.</summary>
    public int Length;

    /// <summary>Index of the left neighbour, or -1.</summary>
    public int Previous;

    /// <summary>Index of the right neighbour, or -1.</summary>
    public int Next;

    /// <summary>Token id, or -1 when the vocabulary has no such token.</summary>
    public int Id;
}

/// <summary>Which neighbours merge, how urgently, and into what.</summary>
internal abstract class MergeRule
{
    /// <summary>The rank (0 is most urgent) of merging two neighbours, or -1 when they do not merge.</summary>
    /// <param name="text">The text that the symbols index.</param>
    /// <param name="left">The left symbol.</param>
    /// <param name="right">Its right neighbour.</param>
    /// <param name="mergedId">The token that results.</param>
    public abstract int Find(ReadOnlySpan<byte> text, in Symbol left, in Symbol right, out int mergedId);
}
