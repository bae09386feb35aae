using System.Runtime.InteropServices;

namespace MoREdge.Model.Threads;

/// <summary>
/// A number that one thread writes while others read its neighbours: alone in its cache line, with room on both sides,
/// because processors fetch lines in pairs.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 2 * LineBytes)]
internal struct PaddedLong
{
    /// <summary>The number.</summary>
    [FieldOffset(LineBytes)]
    public long Value;

    private const int LineBytes = 64;
}
