using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>Unpacked chunks of 8 rows to the order of a packed tile (PackedLayout): lanes are rows.</summary>
/// <remarks>SAFETY: reads 8 chunks and their factors, writes a tile and its own; BlockPanelDriver has them.</remarks>
internal static unsafe class NeonTurn
{
    /// <summary>quants (8, 256) and factors (8, 16) to tile (group, quad, row, 4) and turned (group, 16).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Tile(byte* quants, float* factors, byte* tile, float* turned)
    {
        const int FourRows = 4 * BlockLayout.Quants;
        for (int group = 0; group < BlockLayout.Groups; group++)
        {
            byte* source = quants + ((group % 4 * BlockLayout.GroupStep) + (group / 4 * BlockLayout.FourGroupsStep));
            FourByFour(source, BlockLayout.Quants, tile);
            FourByFour(source + FourRows, BlockLayout.Quants, tile + 16);
            tile += 4 * PackedLayout.QuadBytes;
            FourByFour(source + BlockLayout.HalfStep, BlockLayout.Quants, tile);
            FourByFour(source + (FourRows + BlockLayout.HalfStep), BlockLayout.Quants, tile + 16);
            tile += 4 * PackedLayout.QuadBytes;
        }

        const int RowBytes = BlockLayout.Factors * sizeof(float);
        for (int part = 0; part < 2; part++)
        {
            for (int group = 0; group < BlockLayout.Groups; group += 4)
            {
                byte* source = (byte*)(factors + ((part * BlockLayout.Groups) + group));
                byte* target = (byte*)(turned + ((group * BlockLayout.Factors) + (part * PackedLayout.TileRows)));
                FourByFour(source, RowBytes, target, RowBytes);
                FourByFour(source + (4 * RowBytes), RowBytes, target + 16, RowBytes);
            }
        }
    }

    // Four elements of 32 bits of four rows: element e of row r becomes element r of row e.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FourByFour(byte* source, int step, byte* target) =>
        FourByFour(source, step, target, PackedLayout.QuadBytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FourByFour(byte* source, int step, byte* target, int targetStep)
    {
        Vector128<int> a = AdvSimd.LoadVector128((int*)source), b = AdvSimd.LoadVector128((int*)(source + step));
        Vector128<int> c = AdvSimd.LoadVector128((int*)(source + (2 * step)));
        Vector128<int> d = AdvSimd.LoadVector128((int*)(source + (3 * step)));
        Vector128<int> evens = AdvSimd.Arm64.ZipLow(a, c), evens1 = AdvSimd.Arm64.ZipHigh(a, c);
        Vector128<int> odds = AdvSimd.Arm64.ZipLow(b, d), odds1 = AdvSimd.Arm64.ZipHigh(b, d);
        AdvSimd.Arm64.ZipLow(evens, odds).Store((int*)target);
        AdvSimd.Arm64.ZipHigh(evens, odds).Store((int*)(target + targetStep));
        AdvSimd.Arm64.ZipLow(evens1, odds1).Store((int*)(target + (2 * targetStep)));
        AdvSimd.Arm64.ZipHigh(evens1, odds1).Store((int*)(target + (3 * targetStep)));
    }
}
