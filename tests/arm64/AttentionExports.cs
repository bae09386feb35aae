// C names for the portable bodies of attention and of its cache. Nothing is computed here.
#pragma warning disable
namespace MoREdge.Kernels;

using System.Runtime;
using MoREdge.Tensors;

internal static unsafe class AttentionExports
{
    [RuntimeExport("v128_scores")]
    static void Scores(
        float** queries, int rows, byte* keys, int type, int cols, int tiles, float scale, float** scores) =>
        Vector128AttentionBodies.Scores(queries, rows, keys, (ElementType)type, cols, tiles, scale, scores);

    [RuntimeExport("v128_mix")]
    static void Mix(
        float** weights, int rows, byte* values, int type, float* scales, int cols, int count, float** outputs,
        bool accumulate) =>
        Vector128AttentionBodies.Mix(
            weights, rows, values, (ElementType)type, scales, cols, count, outputs, accumulate);

    [RuntimeExport("v128_store_half")]
    static bool StoreHalf(float* x, int count, ushort* target) => Vector128CacheBodies.StoreHalf(x, count, target);

    [RuntimeExport("v128_magnitude_bits")]
    static int MagnitudeBits(float* x) => Vector128CacheBodies.MagnitudeBits(x);

    [RuntimeExport("v128_cache_quantize")]
    static void Quantize(float* x, float scale, sbyte* quants) => Vector128CacheBodies.Quantize(x, scale, quants);

    [RuntimeExport("v128_cache_dequantize")]
    static void Dequantize(
        sbyte* source, long sourceStride, float* scales, int cols, int count, float* target, long targetStride) =>
        Vector128CacheBodies.Dequantize(source, sourceStride, scales, cols, count, target, targetStride);
}
