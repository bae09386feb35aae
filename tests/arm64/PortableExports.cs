// C names for the product's portable bodies, which the NEON sets inherit. Nothing is computed here.
#pragma warning disable
namespace MoREdge.Kernels;

using System.Runtime;

internal static unsafe class PortableExports
{
    [RuntimeExport("v128_matvec_q8")]
    static void MatVecQ8(byte* w, ushort* ws, sbyte* x, float* xs, int* sums, int groups, int tiles, float* y) =>
        Vector128PackedBodies.MatVecQ8(w, ws, x, xs, sums, groups, tiles, y);

    [RuntimeExport("v128_matvec_q4")]
    static void MatVecQ4(byte* w, ushort* ws, sbyte* x, float* xs, int* sums, int groups, int tiles, float* y) =>
        Vector128PackedBodies.MatVecQ4(w, ws, x, xs, sums, groups, tiles, y);

    [RuntimeExport("v128_quantize")]
    static void Quantize(float* x, sbyte* quants, float* scale, int* sum) =>
        Vector128QuantizeBodies.Group(x, quants, scale, sum);

    [RuntimeExport("v128_dequantize_f16")]
    static void DequantizeF16(void* source, int count, float* y) => DequantizeBodies.Half((ushort*)source, count, y);

    [RuntimeExport("v128_dequantize_bf16")]
    static void DequantizeBF16(void* source, int count, float* y) =>
        DequantizeBodies.BFloat16((ushort*)source, count, y);

    [RuntimeExport("v128_dequantize_group")]
    static void DequantizeGroup(byte* quants, float first, float second, sbyte zeroPoint, float* y) =>
        DequantizeBodies.Group(quants, first, second, zeroPoint, y);

    [RuntimeExport("v128_dequantize_group_minimum")]
    static void DequantizeGroupMinimum(byte* quants, float scale, float minimum, float* y) =>
        DequantizeBodies.GroupWithMinimum(quants, scale, minimum, y);

    [RuntimeExport("v128_dot4x2")]
    static void Dot4x2(float* w, long wStride, float* x, long xStride, int count, float* sums) =>
        Vector128FloatBodies.Dot4x2(w, wStride, x, xStride, count, sums);

    [RuntimeExport("v128_dense_f32")]
    static bool DenseF32(byte* w, long stride, float* x, int count, float* sums) =>
        Vector128DenseBodies.Single(w, stride, x, count, sums);

    [RuntimeExport("v128_dense_f16")]
    static bool DenseF16(byte* w, long stride, float* x, int count, float* sums) =>
        Vector128DenseBodies.Half(w, stride, x, count, sums);

    [RuntimeExport("v128_dense_bf16")]
    static bool DenseBF16(byte* w, long stride, float* x, int count, float* sums) =>
        Vector128DenseBodies.BFloat16(w, stride, x, count, sums);

    [RuntimeExport("v128_sum_of_squares")]
    static float SumOfSquares(float* x, int count) => Vector128FloatBodies.SumOfSquares(x, count);

    [RuntimeExport("v128_scale_by")]
    static void ScaleBy(float* x, float* weight, float factor, int count, float* y) =>
        Vector128FloatBodies.ScaleBy(x, weight, factor, count, y);

    [RuntimeExport("v128_rotate_halves")]
    static void RotateHalves(float* head, int half, float* cos, float* sin) =>
        Vector128FloatBodies.RotateHalves(head, half, cos, sin);

    [RuntimeExport("v128_rotate_neighbours")]
    static void RotateNeighbours(float* head, int half, float* cos, float* sin) =>
        Vector128FloatBodies.RotateNeighbours(head, half, cos, sin);

    [RuntimeExport("v128_swiglu")]
    static void SwiGlu(float* gate, float* up, int count, float* y) => Vector128FloatBodies.SwiGlu(gate, up, count, y);

    [RuntimeExport("v128_max")]
    static float Max(float* x, int count) => Vector128FloatBodies.Max(x, count);

    [RuntimeExport("v128_exponentials")]
    static float Exponentials(float* x, int count, float max) => Vector128FloatBodies.Exponentials(x, count, max);

    [RuntimeExport("v128_multiply")]
    static void Multiply(float* x, float factor, int count) => Vector128FloatBodies.Multiply(x, factor, count);

    [RuntimeExport("v128_add")]
    static void Add(float* y, float* x, int count) => Vector128FloatBodies.Add(y, x, count);

    [RuntimeExport("v128_add_scaled")]
    static void AddScaled(float* y, float* x, float scale, int count) =>
        Vector128FloatBodies.AddScaled(y, x, scale, count, fused: true);

    [RuntimeExport("v128_retention")]
    static void Retention(
        float* state, long stateStride, int rows, float decay, float* queries, long queryStride, float* keys,
        long keyStride, float* values, long valueStride, float* output, long outputStride, int tokens) =>
        Vector128RetentionBodies.Block(
            state, stateStride, rows, decay, queries, queryStride, keys, keyStride, values, valueStride, output,
            outputStride, tokens);

    [RuntimeExport("v128_read_blocks")]
    static ulong ReadBlocks(byte* data, long blockCount) => Vector128FloatBodies.ReadBlocks(data, blockCount);
}
