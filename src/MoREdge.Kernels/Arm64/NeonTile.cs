using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>What all ARM64 packed products share: constants, scales, and the float32 end of a group.</summary>
/// <remarks>
/// SAFETY: pointers come from the bodies, which read one group of a tile at a time. Everything is inlined; the bodies
/// stay free of calls and of spilled registers (tests/arm64 shows the machine code).
/// </remarks>
internal static unsafe class NeonTile
{
    /// <summary>Bytes of one group of a Q8G32 tile.</summary>
    internal const int Q8Bytes = PackedLayout.TileRows * PackedLayout.GroupSize;

    /// <summary>Bytes of one group of a Q4G32 tile.</summary>
    internal const int Q4Bytes = Q8Bytes / 2;

    /// <summary>A copy that the compiler cannot see through, so that it stays in a register during the loop.</summary>
    /// <remarks>A constant would be made anew, or copied, at every use inside the loop.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> Pin(float value) => AdvSimd.LoadAndReplicateToVector128(&value);

    /// <inheritdoc cref="Pin(float)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> Pin(int value) => AdvSimd.LoadAndReplicateToVector128(&value);

    /// <inheritdoc cref="Pin(float)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Pin(byte value) => AdvSimd.LoadAndReplicateToVector128(&value);

    /// <summary>The activation scale of a group in lane 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector64<float> Scalar(float* value) => Vector64.CreateScalarUnsafe(*value);

    /// <summary>The activation sum of a group in lane 0; read as float32, past the integer registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector64<int> Scalar(int* value) => Vector64.CreateScalarUnsafe(*(float*)value).AsInt32();

    /// <summary>Four columns of x, repeated for four rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<sbyte> Quad(Vector128<int> x, [ConstantExpected(Max = (byte)3)] byte index) =>
        AdvSimd.DuplicateSelectedScalarToVector128(x, index).AsSByte();

    /// <summary>The scales of rows 0–3 of a tile, exact. Taken after the upper ones it needs no copy.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> ScalesLower(
        Vector128<ushort> halves, Vector128<int> keep, Vector128<float> halfToSingle) =>
        AdvSimd.Multiply(
            AdvSimd.And(
                AdvSimd.ShiftLeftLogicalWideningLower(halves.AsInt16().GetLower(), HalfBits.MantissaShift),
                keep).AsSingle(),
            halfToSingle);

    /// <summary>The scales of rows 4–7 of a tile, exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> ScalesUpper(
        Vector128<ushort> halves, Vector128<int> keep, Vector128<float> halfToSingle) =>
        AdvSimd.Multiply(
            AdvSimd.And(
                AdvSimd.ShiftLeftLogicalWideningUpper(halves.AsInt16(), HalfBits.MantissaShift), keep).AsSingle(),
            halfToSingle);

    /// <summary>The scales of rows 0–3, outside of a hot loop: the constants are made anew.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> ScalesLower(Vector128<ushort> halves) =>
        ScalesLower(halves, Vector128.Create(HalfBits.ShiftedMask), Vector128.Create(HalfBits.Rebias));

    /// <summary>The scales of rows 4–7, outside of a hot loop: the constants are made anew.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> ScalesUpper(Vector128<ushort> halves) =>
        ScalesUpper(halves, Vector128.Create(HalfBits.ShiftedMask), Vector128.Create(HalfBits.Rebias));

    /// <summary>sum + integers·(ws·xs): the product of the scales is rounded once, the rest is fused.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> Accumulate(
        Vector128<float> sum, Vector128<int> integers, Vector128<float> ws, Vector64<float> xs) =>
        AdvSimd.FusedMultiplyAdd(sum, AdvSimd.ConvertToSingle(integers), AdvSimd.MultiplyBySelectedScalar(ws, xs, 0));

    /// <summary>As above with the activation scale in lane <paramref name="index"/> of <paramref name="xs"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> Accumulate(
        Vector128<float> sum,
        Vector128<int> integers,
        Vector128<float> ws,
        Vector128<float> xs,
        [ConstantExpected(Max = (byte)3)] byte index) => AdvSimd.FusedMultiplyAdd(
            sum, AdvSimd.ConvertToSingle(integers), AdvSimd.MultiplyBySelectedScalar(ws, xs, index));

    /// <summary>integers − 8·xSum: turns a product with nibbles into one with nibbles − 8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> CancelZeroPoint(
        Vector128<int> integers, Vector128<int> zeroPoint, Vector64<int> xSum) =>
        AdvSimd.MultiplySubtractBySelectedScalar(integers, zeroPoint, xSum, 0);
}
