namespace MoREdge.Model.Recursion;

/// <summary>
/// The user's dial: most recursions a token may run. Shared by a sequence and its loop, so that it can turn between
/// tokens.
/// </summary>
internal sealed class DepthLimit(int recursions)
{
    /// <summary>1 … N.</summary>
    public int Recursions { get; set; } = recursions;
}
