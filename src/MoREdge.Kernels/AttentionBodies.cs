using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>
/// The attention bodies of a set (see <see cref="AttentionDriver"/>): all that differs between the sets.
/// </summary>
/// <param name="scores">Scores of whole tiles of keys.</param>
/// <param name="mix">A mix of consecutive values.</param>
/// <param name="convert">float16 to float32.</param>
/// <param name="quants">int8 to float32.</param>
// SAFETY: function pointers to static bodies; AttentionDriver calls them with rows and tiles that exist.
internal readonly unsafe struct AttentionBodies(
    delegate*<float**, int, byte*, ElementType, int, int, float, float**, void> scores,
    delegate*<float**, int, int, byte*, int, ElementType, int, int, float**, bool, void> mix,
    delegate*<ushort*, int, bool, float*, void> convert,
    delegate*<sbyte*, int, float*, void> quants)
{
    /// <summary>Scores of whole tiles of keys.</summary>
    public delegate*<float**, int, byte*, ElementType, int, int, float, float**, void> Scores { get; } = scores;

    /// <summary>A mix of consecutive values.</summary>
    public delegate*<float**, int, int, byte*, int, ElementType, int, int, float**, bool, void> Mix { get; } = mix;

    /// <summary>float16 to float32.</summary>
    public delegate*<ushort*, int, bool, float*, void> Convert { get; } = convert;

    /// <summary>int8 to float32.</summary>
    public delegate*<sbyte*, int, float*, void> Quants { get; } = quants;
}
