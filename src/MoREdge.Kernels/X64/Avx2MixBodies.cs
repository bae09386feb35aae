using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>The mix of values for AVX2 and FMA: three queries, or one, share every value.</summary>
/// <remarks>
/// SAFETY: pointers only; shapes as AttentionMixDriver states them, and a prefetch may pass the end of the values,
/// which the processor allows. It goes to the second-level cache: two blocks of float16 would fill the first. float16
/// as in Avx2ScoreBodies.
/// </remarks>
internal static unsafe class Avx2MixBodies
{
    // Columns that three queries mix at a time.
    private const int WideColumns = 32;

    private enum ValueForm
    {
        Single,
        Half,

        // Times 2⁻¹¹²; the weight is times 2¹¹².
        ShiftedHalf,

        // int8, whose scale is in the weight.
        Quant,
    }

    /// <summary>Mixes values of consecutive positions (see AttentionMixDriver).</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Mix(
        float** weights, int step, int rows, byte* values, int stride, ElementType type, int cols, int count,
        float** outputs, bool accumulate)
    {
        float* copies = stackalloc float[AttentionDriver.QueryBlock * AttentionMixDriver.BlockPositionsMax];
        float** rebiased = stackalloc float*[AttentionDriver.QueryBlock];
        float** factors = weights;
        bool isShifted = type == ElementType.F16
            && Avx2CacheBodies.Rebias(weights, rows, count, copies, AttentionMixDriver.BlockPositionsMax, rebiased);
        ValueForm form = type == ElementType.F32 ? ValueForm.Single
            : type == ElementType.I8 ? ValueForm.Quant
            : isShifted ? ValueForm.ShiftedHalf
            : ValueForm.Half;
        factors = isShifted ? rebiased : factors;
        long rowBytes = stride * (long)ElementBytes(form);
        int d = 0;
        for (; d + WideColumns <= cols; d += WideColumns)
        {
            float** own = Vector128AttentionBodies.Own(factors, step, d);
            if (rows == AttentionDriver.QueryBlock)
            {
                MixThree(own, values, form, d, rowBytes, count, outputs, accumulate);
            }
            else
            {
                MixOne(*own, values, form, d, rowBytes, count, *outputs, accumulate);
            }
        }

        float** rest = Vector128AttentionBodies.Own(factors, step, d);
        for (int row = 0; row < rows && d < cols; row++)
        {
            int column = d;
            for (; column + 8 <= cols; column += 8)
            {
                MixEight(rest[row], values, form, column, rowBytes, count, outputs[row], accumulate);
            }

            Vector128AttentionBodies.MixTail(
                weights + row, step, values, stride, type, column, cols, count, outputs[row], accumulate, fused: true);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void MixThree(
        float** weights, byte* values, ValueForm form, int d, long rowBytes, int count, float** outputs,
        bool accumulate)
    {
        switch (form)
        {
            case ValueForm.Single:
                MixThree(
                    weights, values, sizeof(float), ValueForm.Single, null, d, rowBytes, count, outputs, accumulate);
                break;
            case ValueForm.Half:
                MixThree(
                    weights, values, sizeof(short), ValueForm.Half, null, d, rowBytes, count, outputs, accumulate);
                break;
            case ValueForm.ShiftedHalf:
                MixThreeShifted(weights, values, d, rowBytes, count, outputs, accumulate);
                break;
            default:
                MixThree(
                    weights, values, sizeof(sbyte), ValueForm.Quant, null, d, rowBytes, count, outputs, accumulate);
                break;
        }
    }

    // The mask of the conversion stays in memory: for all columns, as the compiler would keep what it reads twice in a
    // register, of which twelve sums, three weights and a value leave none.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void MixThreeShifted(
        float** weights, byte* values, int d, long rowBytes, int count, float** outputs, bool accumulate)
    {
        int* masks = stackalloc int[WideColumns];
        for (int i = 0; i < WideColumns; i += 8)
        {
            Vector256.Create(HalfBits.ShiftedMask).Store(masks + i);
        }

        MixThree(
            weights, values, sizeof(short), ValueForm.ShiftedHalf, masks, d, rowBytes, count, outputs, accumulate);
    }

    // 32 columns for three queries: twelve chains, all sixteen registers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MixThree(
        float** weights, byte* row, int elementBytes, ValueForm form, int* masks, int d, long rowBytes, int count,
        float** outputs, bool accumulate)
    {
        byte* ahead = Ahead(row, elementBytes, d, rowBytes, count);
        row += d * elementBytes;
        float* w0 = weights[0], w1 = weights[1], w2 = weights[2];
        float* o0 = outputs[0] + d, o1 = outputs[1] + d, o2 = outputs[2] + d;
        Vector256<float> sum00 = Start(o0, accumulate), sum01 = Start(o0 + 8, accumulate);
        Vector256<float> sum02 = Start(o0 + 16, accumulate), sum03 = Start(o0 + 24, accumulate);
        Vector256<float> sum10 = Start(o1, accumulate), sum11 = Start(o1 + 8, accumulate);
        Vector256<float> sum12 = Start(o1 + 16, accumulate), sum13 = Start(o1 + 24, accumulate);
        Vector256<float> sum20 = Start(o2, accumulate), sum21 = Start(o2 + 8, accumulate);
        Vector256<float> sum22 = Start(o2 + 16, accumulate), sum23 = Start(o2 + 24, accumulate);
        for (nint j = 0; j < count; j++)
        {
            Vector256<float> a = Vector256.Create(w0[j]), b = Vector256.Create(w1[j]), c = Vector256.Create(w2[j]);
            if (form != ValueForm.Single)
            {
                Sse.Prefetch1(ahead);
                ahead += WideColumns * elementBytes;
            }

            Vector256<float> value = LoadValue(row, form, masks, 0);
            sum00 = Fma.MultiplyAdd(a, value, sum00);
            sum10 = Fma.MultiplyAdd(b, value, sum10);
            sum20 = Fma.MultiplyAdd(c, value, sum20);
            value = LoadValue(row, form, masks, 8);
            sum01 = Fma.MultiplyAdd(a, value, sum01);
            sum11 = Fma.MultiplyAdd(b, value, sum11);
            sum21 = Fma.MultiplyAdd(c, value, sum21);
            value = LoadValue(row, form, masks, 16);
            sum02 = Fma.MultiplyAdd(a, value, sum02);
            sum12 = Fma.MultiplyAdd(b, value, sum12);
            sum22 = Fma.MultiplyAdd(c, value, sum22);
            value = LoadValue(row, form, masks, 24);
            sum03 = Fma.MultiplyAdd(a, value, sum03);
            sum13 = Fma.MultiplyAdd(b, value, sum13);
            sum23 = Fma.MultiplyAdd(c, value, sum23);
            row += rowBytes;
        }

        StoreFour(sum00, sum01, sum02, sum03, o0);
        StoreFour(sum10, sum11, sum12, sum13, o1);
        StoreFour(sum20, sum21, sum22, sum23, o2);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void MixOne(
        float* weights, byte* values, ValueForm form, int d, long rowBytes, int count, float* output, bool accumulate)
    {
        output += d;
        switch (form)
        {
            case ValueForm.Single:
                MixWide(weights, values, sizeof(float), ValueForm.Single, d, rowBytes, count, output, accumulate);
                break;
            case ValueForm.Half:
                MixWide(weights, values, sizeof(short), ValueForm.Half, d, rowBytes, count, output, accumulate);
                break;
            case ValueForm.ShiftedHalf:
                MixWide(weights, values, sizeof(short), ValueForm.ShiftedHalf, d, rowBytes, count, output, accumulate);
                break;
            default:
                MixWide(weights, values, sizeof(sbyte), ValueForm.Quant, d, rowBytes, count, output, accumulate);
                break;
        }
    }

    // 32 columns for one query: four chains, which the conversions hide.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MixWide(
        float* weights, byte* row, int elementBytes, ValueForm form, int d, long rowBytes, int count, float* output,
        bool accumulate)
    {
        byte* ahead = Ahead(row, elementBytes, d, rowBytes, count);
        row += d * elementBytes;
        Vector256<float> sum0 = Start(output, accumulate), sum1 = Start(output + 8, accumulate);
        Vector256<float> sum2 = Start(output + 16, accumulate), sum3 = Start(output + 24, accumulate);
        for (nint j = 0; j < count; j++)
        {
            Vector256<float> weight = Vector256.Create(weights[j]);
            if (form != ValueForm.Single)
            {
                Sse.Prefetch1(ahead);
                ahead += WideColumns * elementBytes;
            }

            sum0 = Fma.MultiplyAdd(weight, LoadValue(row, form, 0), sum0);
            sum1 = Fma.MultiplyAdd(weight, LoadValue(row, form, 8), sum1);
            sum2 = Fma.MultiplyAdd(weight, LoadValue(row, form, 16), sum2);
            sum3 = Fma.MultiplyAdd(weight, LoadValue(row, form, 24), sum3);
            row += rowBytes;
        }

        StoreFour(sum0, sum1, sum2, sum3, output);
    }

    // 8 columns for one query.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MixEight(
        float* weights, byte* values, ValueForm form, int d, long rowBytes, int count, float* output, bool accumulate)
    {
        Vector256<float> sum = Start(output + d, accumulate);
        for (nint j = 0; j < count; j++)
        {
            Vector256<float> value = LoadValue(values + (j * rowBytes), form, d);
            sum = Fma.MultiplyAdd(Vector256.Create(weights[j]), value, sum);
        }

        sum.Store(output + d);
    }

    // The next block of positions, of which each pass over 32 columns asks for a share.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Ahead(byte* values, int elementBytes, int d, long rowBytes, int count) =>
        values + (count * rowBytes) + ((long)d * count * elementBytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Start(float* output, bool accumulate) =>
        accumulate ? Vector256.Load(output) : Vector256<float>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFour(
        Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d, float* output)
    {
        a.Store(output);
        b.Store(output + 8);
        c.Store(output + 16);
        d.Store(output + 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> LoadValue(byte* row, ValueForm form, int at) => form switch
    {
        ValueForm.Single => Vector256.Load((float*)row + at),
        ValueForm.Half => Avx2CacheBodies.Finite((short*)row + at),
        ValueForm.ShiftedHalf => Avx2CacheBodies.Shifted((short*)row + at),
        _ => Avx2CacheBodies.Quants((sbyte*)row + at),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> LoadValue(byte* row, ValueForm form, int* masks, int at) =>
        form == ValueForm.ShiftedHalf
            ? Avx2CacheBodies.Shifted((short*)row + at, Vector256.Load(masks + at))
            : LoadValue(row, form, at);

    private static int ElementBytes(ValueForm form) => form switch
    {
        ValueForm.Single => sizeof(float),
        ValueForm.Quant => sizeof(sbyte),
        _ => sizeof(short),
    };
}
