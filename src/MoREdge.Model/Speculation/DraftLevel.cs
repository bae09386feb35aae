namespace MoREdge.Model.Speculation;

/// <summary>Which tokens are drafted; each level adds to the one before.</summary>
internal enum DraftLevel
{
    /// <summary>None: one token at a time.</summary>
    None,

    /// <summary>The token behind one that has run a recursion.</summary>
    First,

    /// <summary>The token behind that draft, too, which takes a draft head.</summary>
    Second,
}
