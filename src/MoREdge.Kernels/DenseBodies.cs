using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>What products with rows of floats are computed with.</summary>
/// <param name="pair">
/// (w, wStride, x, xStride, count, sums): sums[t·4 + r] = Σ w[r·wStride + k]·x[t·xStride + k] for 4 rows of float32 and
/// 2 tokens.
/// </param>
/// <param name="three">As <paramref name="pair"/> for 3 tokens, or null where that is not faster.</param>
/// <param name="convert">(halves, count, isFinite, target): makes float32 of float16, exactly.</param>
/// <param name="single">
/// (w, stride, x, count, sums): sums[r] for 4 rows of float32, stride bytes apart, and 1 token, in the same order as
/// <paramref name="pair"/>. False, without a result, for weights that the body does not know. Null where that is not
/// faster.
/// </param>
/// <param name="half">As <paramref name="single"/>, for rows of float16.</param>
/// <param name="bfloat16">As <paramref name="single"/>, for rows of bfloat16.</param>
/// <param name="ask">
/// (rows, stride, from, to): asks for bytes [from, to) of 4 rows, stride bytes apart, to be read soon. Null where a
/// processor is not asked.
/// </param>
// SAFETY: function pointers to static bodies; DenseDriver hands them rows that hold count elements.
internal readonly unsafe struct DenseBodies(
    delegate*<float*, long, float*, long, int, float*, void> pair,
    delegate*<float*, long, float*, long, int, float*, void> three,
    delegate*<ushort*, int, bool, float*, void> convert,
    delegate*<byte*, long, float*, int, float*, bool> single,
    delegate*<byte*, long, float*, int, float*, bool> half,
    delegate*<byte*, long, float*, int, float*, bool> bfloat16,
    delegate*<byte*, long, long, long, void> ask)
{
    private readonly delegate*<byte*, long, float*, int, float*, bool> _single = single, _half = half;
    private readonly delegate*<byte*, long, float*, int, float*, bool> _bfloat16 = bfloat16;

    /// <summary>Multiplies 4 rows of float32 with 2 tokens.</summary>
    public delegate*<float*, long, float*, long, int, float*, void> Pair { get; } = pair;

    /// <summary>Multiplies 4 rows of float32 with 3 tokens, or null.</summary>
    public delegate*<float*, long, float*, long, int, float*, void> Three { get; } = three;

    /// <summary>Makes float32 of float16.</summary>
    public delegate*<ushort*, int, bool, float*, void> Convert { get; } = convert;

    /// <summary>Asks for 4 rows, or null.</summary>
    public delegate*<byte*, long, long, long, void> Ask { get; } = ask;

    /// <summary>Multiplies 4 rows of a type with 1 token, or null.</summary>
    public delegate*<byte*, long, float*, int, float*, bool> One(ElementType type) => type switch
    {
        ElementType.F32 => _single,
        ElementType.F16 => _half,
        _ => _bfloat16,
    };
}
