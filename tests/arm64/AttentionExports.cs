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
        float** weights, int step, int rows, byte* values, int stride, int type, int cols, int count, float** outputs,
        bool accumulate) =>
        Vector128AttentionBodies.Mix(
            weights, step, rows, values, stride, (ElementType)type, cols, count, outputs, accumulate);

    [RuntimeExport("v128_store_half")]
    static bool StoreHalf(float* x, int count, ushort* target) => Vector128CacheBodies.StoreHalf(x, count, target);

    [RuntimeExport("v128_magnitude_bits")]
    static int MagnitudeBits(float* x) => Vector128CacheBodies.MagnitudeBits(x);

    [RuntimeExport("v128_cache_quantize")]
    static void Quantize(float* x, float scale, sbyte* quants) => Vector128CacheBodies.Quantize(x, scale, quants);

    [RuntimeExport("v128_quants")]
    static void Quants(sbyte* source, int count, float* target) => Vector128CacheBodies.Quants(source, count, target);
}
