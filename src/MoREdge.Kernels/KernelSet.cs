using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>
/// Every arithmetic operation of the runtime, one virtual method each. The bodies here are the scalar reference; a
/// subclass per instruction set overrides what it does faster and inherits the rest.
/// </summary>
/// <remarks>
/// Pure functions on memory: no allocation, lock, thread or state, so one instance serves all threads. Callers split
/// rows. Shapes are the caller's promise (checked in debug builds). KERNELS.md holds the numeric contract and the
/// layouts.
/// </remarks>
public class KernelSet
{
    /// <summary>The name that MOREDGE_KERNELS takes.</summary>
    public virtual string Name => "scalar";

    /// <summary>
    /// True when the packed products round once per group (fused multiply-add): they are then bit-identical to the
    /// scalar set.
    /// </summary>
    public virtual bool IsFused => true;

    /// <summary>Fewest tokens that MatMulQ8 takes through the weights together; fewer pass one by one.</summary>
    internal virtual int TokenBlockQ8 => PackedDriver.TokenBlock;

    /// <summary>
    /// Quantizes each row in groups of 32 columns: scale = max|x| / 127, q = round-to-nearest-even(x / scale), and the
    /// sum of the q. Columns past the logical end are 0.
    /// </summary>
    /// <param name="x">Activations (rows, cols).</param>
    /// <param name="q">Receives the rows; at least x.Rows rows and ⌈cols / 32⌉ groups.</param>
    /// <remarks>
    /// A group whose scale would not be a normal float32 (all zero, or below 127·2⁻¹²⁶) gets scale 0; a group with an
    /// infinity or NaN gets scale NaN and quants 0, so that every product made from it is NaN instead of plausible.
    /// Source: Jacob et al. 2018, arXiv:1712.05877, section 2.1, zero-point 0, one scale per group.
    /// </remarks>
    public virtual void QuantizeRows(in FloatMatrix x, in QuantizedRows q) => QuantizeReference.Rows(x, q);

    /// <summary>y[r] = Σ_g ws[r,g]·xs[g]·Σ_k w[r,k]·x[k] for the rows of tiles [tileStart, tileEnd).</summary>
    /// <param name="w">Q8G32 weights (rows, cols).</param>
    /// <param name="x">One row of quantized activations (1, cols).</param>
    /// <param name="y">Output (1, rows); only columns tileStart·8 to min(tileEnd·8, rows) are written.</param>
    /// <param name="tileStart">First tile of 8 rows.</param>
    /// <param name="tileEnd">Tile after the last.</param>
    /// <remarks>int32 inside a group, then one fused multiply-add per group in ascending order (KERNELS.md).</remarks>
    public virtual void MatVecQ8(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
        PackedReference.MatMulQ8(w, x, y, tileStart, tileEnd);

    /// <summary>As <see cref="MatVecQ8"/> for Q4G32 weights.</summary>
    public virtual void MatVecQ4(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
        PackedReference.MatMulQ4(w, x, y, tileStart, tileEnd);

    /// <summary>As <see cref="MatVecQ8"/> for x.Rows tokens: x (tokens, cols), y (tokens, at least rows).</summary>
    /// <remarks>Each element is bit-identical to what <see cref="MatVecQ8"/> computes for that token alone.</remarks>
    public virtual void MatMulQ8(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
        PackedReference.MatMulQ8(w, x, y, tileStart, tileEnd);

    /// <summary>As <see cref="MatMulQ8"/> for Q4G32 weights.</summary>
    public virtual void MatMulQ4(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
        PackedReference.MatMulQ4(w, x, y, tileStart, tileEnd);

    /// <summary>
    /// y[t,r] = Σ_k w[r,k]·x[t,k] in float32 for rows [rowStart, rowEnd), after exact dequantization.
    /// </summary>
    /// <param name="w">F32, F16 or BF16 weights (rows, cols), row-major.</param>
    /// <param name="x">Activations (tokens, cols).</param>
    /// <param name="y">Output (tokens, at least rows); only columns rowStart to rowEnd are written.</param>
    /// <param name="rowStart">First row.</param>
    /// <param name="rowEnd">Row after the last.</param>
    /// <remarks>An element does not depend on the token count or on how rows are split, bit for bit.</remarks>
    public virtual void MatMulDense(
        in DenseMatrix w, in FloatMatrix x, in FloatMatrix y, int rowStart, int rowEnd) =>
        DenseReference.MatMul(w, x, y, rowStart, rowEnd);

    /// <summary>
    /// y[t,r] = Σ_g (ws[r,g]·Σ_k q[r,k]·x[t,k] + wm[r,g]·Σ_k x[t,k])·xs[t,g] for rows [rowStart, rowEnd).
    /// </summary>
    /// <param name="w">Blocks of Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K or Q6_K (rows, cols), row-major.</param>
    /// <param name="x">Quantized activations (tokens, cols).</param>
    /// <param name="y">Output (tokens, at least rows); only columns rowStart to rowEnd are written.</param>
    /// <param name="rowStart">First row.</param>
    /// <param name="rowEnd">Row after the last.</param>
    /// <remarks>
    /// A weight is ws·q + wm, as <see cref="ElementType"/> says. int32 inside a group, then float32 in eight
    /// accumulators (KERNELS.md). An element does not depend on the token count or on how rows are split, bit for bit.
    /// </remarks>
    public virtual void MatMulBlocks(
        in DenseMatrix w, in QuantizedRows x, in FloatMatrix y, int rowStart, int rowEnd) =>
        BlockReference.MatMul(w, x, y, rowStart, rowEnd);

    /// <summary>
    /// Writes row <paramref name="row"/> of <paramref name="w"/> as float32, exactly (embedding lookup).
    /// </summary>
    /// <param name="w">Weights (rows, cols) of a float32, float16, bfloat16 or block type.</param>
    /// <param name="row">The row (token id).</param>
    /// <param name="y">Output (cols).</param>
    public virtual void DequantizeRow(in DenseMatrix w, int row, Span<float> y) => DenseReference.Dequantize(w, row, y);

    /// <summary>
    /// Writes row <paramref name="row"/> of the packed <paramref name="w"/> (rows, cols) as float32, exactly.
    /// </summary>
    public virtual void DequantizeRow(in PackedMatrix w, int row, Span<float> y) =>
        PackedReference.Dequantize(w, row, y);

    /// <summary>y = x / √(mean(x²) + epsilon) · weight, all of shape (ModelDim).</summary>
    /// <remarks>Source: Zhang and Sennrich 2019, arXiv:1910.07467, equation 4. y may be x.</remarks>
    public virtual void RmsNorm(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float epsilon, Span<float> y) =>
        VectorReference.RmsNorm(x, weight, epsilon, y);

    /// <summary>Rotates pairs of every head in place: (a, b) becomes (a·cos − b·sin, b·cos + a·sin).</summary>
    /// <param name="heads">Queries or keys (headCount, headDim), contiguous.</param>
    /// <param name="headDim">Even.</param>
    /// <param name="cos">Cosines (headDim / 2).</param>
    /// <param name="sin">Sines (headDim / 2).</param>
    /// <param name="interleaved">Pairs (2i, 2i + 1) when true, (i, i + headDim / 2) when false.</param>
    /// <remarks>Source: Su et al. 2021, arXiv:2104.09864, equation 34. Bit-identical in all sets.</remarks>
    public virtual void Rotary(
        Span<float> heads, int headDim, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin, bool interleaved) =>
        VectorReference.Rotary(heads, headDim, cos, sin, interleaved);

    /// <summary>y = gate·sigmoid(gate)·up, all of shape (FfnDim). y may be gate or up.</summary>
    /// <remarks>Source: Shazeer 2020, arXiv:2002.05202, equation 6, without the products.</remarks>
    public virtual void SwiGlu(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y) =>
        VectorReference.SwiGlu(gate, up, y);

    /// <summary>
    /// y = g·sigmoid(2·√(2/π)·(g + 0.044715·g³))·up with g = gate, all of shape (FfnDim). y may be gate or up.
    /// </summary>
    /// <remarks>
    /// GELU in its tanh form, gated. Source: Hendrycks and Gimpel 2016, arXiv:1606.08415, section 2, with (1 + tanh z)
    /// / 2 written as sigmoid(2·z); Shazeer 2020, arXiv:2002.05202, equation 5.
    /// </remarks>
    public virtual void GeGlu(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y) =>
        VectorReference.GeGlu(gate, up, y);

    /// <summary>
    /// y = g·sigmoid(1.702·g)·(u + 1) with g = min(gate, 7) and u = up within ±7, all of shape (FfnDim).
    /// </summary>
    /// <remarks>Source: OpenAI 2025, arXiv:2508.10925, section 2.2; its model's reference code names the
    /// bounds.</remarks>
    public virtual void ClampedGlu(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y) =>
        VectorReference.ClampedGlu(gate, up, y);

    /// <summary>x = cap·tanh(x / cap) in place: keeps scores or logits within ±cap.</summary>
    /// <remarks>Source: Gemma Team 2024, arXiv:2408.00118, section 2, logit soft-capping.</remarks>
    public virtual void SoftCap(Span<float> x, float cap) => VectorReference.SoftCap(x, cap);

    /// <summary>x = x·Φ(x) in place, Φ by the error function (the exact form).</summary>
    /// <remarks>Source: Hendrycks and Gimpel 2016, arXiv:1606.08415, section 2.</remarks>
    public virtual void Gelu(Span<float> x) => GeluReference.Apply(x);

    /// <summary>x = exp(x − max x) / Σ exp(x − max x) in place; nothing for an empty span.</summary>
    public virtual void Softmax(Span<float> x) => VectorReference.Softmax(x);

    /// <summary>x = factor · x. Bit-identical in all sets.</summary>
    public virtual void Scale(Span<float> x, float factor) => VectorReference.Scale(x, factor);

    /// <summary>1 / (1 + e^−z) of one value, for gates that decide something: bit-identical in all sets.</summary>
    public static float Sigmoid(float z) => 1 / (1 + MathF.Exp(-z));

    /// <summary>y += x. Bit-identical in all sets.</summary>
    public virtual void Add(Span<float> y, ReadOnlySpan<float> x) => VectorReference.Add(y, x);

    /// <summary>y = fma(scale, x, y). Bit-identical in all fused sets.</summary>
    public virtual void AddScaled(Span<float> y, ReadOnlySpan<float> x, float scale) =>
        VectorReference.AddScaled(y, x, scale);

    /// <summary>Σ a·b.</summary>
    public virtual float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => VectorReference.Dot(a, b);

    /// <summary>
    /// Stores x (HeadDim) as the key of position <paramref name="row"/>: rounded to nearest even when the keys are F16,
    /// quantized as <see cref="QuantizeRows"/> does, but with a float16 scale, when they are Q8.
    /// </summary>
    /// <returns>False when an infinity or NaN was stored, or a scale that is one.</returns>
    /// <remarks>
    /// A Q8 scale is 0, where every element rounds to 0 at the smallest normal float16 scale of 2⁻¹⁴, or normal; it is
    /// NaN for a group that is not finite or beyond 127 times the largest float16. Bit-identical in all sets.
    /// </remarks>
    public virtual bool StoreKey(ReadOnlySpan<float> x, in KeyRows keys, int row) =>
        AttentionReference.StoreKey(x, keys, row);

    /// <summary>As <see cref="StoreKey"/>, the value of position <paramref name="row"/>.</summary>
    public virtual bool StoreValue(ReadOnlySpan<float> x, in ValueRows values, int row) =>
        AttentionReference.StoreValue(x, values, row);

    /// <summary>scores[i, j] = scale·Σ_d query[i, d]·key[j, d] for j below <paramref name="count"/>.</summary>
    /// <param name="queries">
    /// Queries that share the keys, (rows, heads·HeadDim): query i is head i % heads of row i / heads.
    /// </param>
    /// <param name="keys">Keys of one head (positions, HeadDim).</param>
    /// <param name="count">Positions to attend to, at least 1.</param>
    /// <param name="scale">Usually 1 / √HeadDim.</param>
    /// <param name="quantized">
    /// Room for the queries in int8, at least (rows·heads, HeadDim), read and written only when the keys are Q8.
    /// </param>
    /// <param name="scores">Output (rows·heads, at least count); only count columns are written.</param>
    /// <remarks>
    /// F16, F32: one chain of fused multiply-adds over ascending d, then the scale. Q8: the queries quantized by
    /// <see cref="QuantizeRows"/>, their scales times scale, then <see cref="MatMulQ8"/>; NaN where a scale of the key
    /// is not finite. An element depends on its query and key alone: bit-identical in all fused sets.
    /// </remarks>
    public virtual void AttentionScores(
        in FloatMatrix queries,
        in KeyRows keys,
        int count,
        float scale,
        in QuantizedRows quantized,
        in FloatMatrix scores)
    {
        if (keys.Format == KvFormat.Q8)
        {
            QuantizedScores.Compute(this, queries, keys, count, scale, quantized, scores);
        }
        else
        {
            AttentionReference.Scores(queries, keys, count, scale, scores);
        }
    }

    /// <summary>output[i, d] = Σ_j weights[i, j]·value[j, d] over j below <paramref name="count"/>.</summary>
    /// <param name="weights">Attention weights (rows·heads, at least count).</param>
    /// <param name="values">Values of one head (positions, HeadDim).</param>
    /// <param name="count">Positions to attend to.</param>
    /// <param name="output">(rows, heads·HeadDim), queries in the order of <see cref="AttentionScores"/>.</param>
    /// <param name="accumulate">True continues the sums that output holds; false starts at 0.</param>
    /// <remarks>
    /// One fused multiply-add per position in ascending order, of the value and its weight, which for Q8 is first
    /// multiplied by the scale. Bit-identical in all fused sets, in one call or in several that continue each other.
    /// </remarks>
    public void AttentionMix(
        in FloatMatrix weights, in ValueRows values, int count, in FloatMatrix output, bool accumulate) =>
        AttentionMixColumns(weights, values, count, output, accumulate, 0, values.Cols);

    /// <summary>
    /// <see cref="AttentionMix"/> for columns [start, start + cols) of every head; the others are left alone.
    /// </summary>
    /// <param name="weights">Attention weights (rows·heads, at least count).</param>
    /// <param name="values">Values of one head (positions, HeadDim).</param>
    /// <param name="count">Positions to attend to.</param>
    /// <param name="output">(rows, heads·HeadDim), queries in the order of <see cref="AttentionScores"/>.</param>
    /// <param name="accumulate">True continues the sums that output holds; false starts at 0.</param>
    /// <param name="start">First column, the beginning of a group of 32.</param>
    /// <param name="cols">Number of columns, at least 1.</param>
    public virtual void AttentionMixColumns(
        in FloatMatrix weights, in ValueRows values, int count, in FloatMatrix output, bool accumulate, int start,
        int cols) =>
        AttentionReference.Mix(weights, values, count, output, accumulate, start, cols);

    /// <summary>
    /// Retention of one head, for each token in order: R ← γ·R + kᵀ·v, then o = q·R.
    /// </summary>
    /// <param name="state">R (KeyDim, columns), any neighbouring columns of a head's state; updated in place.</param>
    /// <param name="decay">γ.</param>
    /// <param name="queries">q (tokens, KeyDim), rotated and scaled.</param>
    /// <param name="keys">k (tokens, KeyDim), rotated.</param>
    /// <param name="values">v (tokens, columns).</param>
    /// <param name="output">o (tokens, columns), overwritten; not the values.</param>
    /// <remarks>
    /// Source: Sun et al. 2023, arXiv:2307.08621, equation 6. r = fma(k, v, γ·r), the product with γ rounded first; o =
    /// fma(q, r, o) over ascending rows of R. A column depends on no other and a token on those before it alone:
    /// bit-identical in all fused sets, for any cut of the tokens or columns into calls.
    /// </remarks>
    public virtual void Retention(
        in FloatMatrix state,
        float decay,
        in FloatMatrix queries,
        in FloatMatrix keys,
        in FloatMatrix values,
        in FloatMatrix output) =>
        RetentionReference.Run(state, decay, queries, keys, values, output);

    /// <summary>
    /// Reads all bytes as fast as the set can and returns the xor of their little-endian 64-bit words.
    /// </summary>
    /// <remarks>
    /// The probe of the machine's read bandwidth. Bytes past the last whole word count as a zero-padded word.
    /// </remarks>
    public virtual ulong ReadBytes(ReadOnlySpan<byte> bytes) => MemoryReference.ReadBytes(bytes);
}
