using MoREdge.Kernels;
using MoREdge.Tensors;

namespace MoREdge.Tests.Kernels;

public sealed class PackedProductTests
{
    private static readonly int[] RowCounts = [1, 7, 8, 9, 31, 64, 75];
    private static readonly int[] ColCounts = [1, 31, 32, 33, 172, 576];
    private static readonly int[] TokenCounts = [1, 2, 3, 4, 5, 7, 8, 17];

    public static IEnumerable<object[]> Sets() => KernelSets.Times([[]]);

    public static IEnumerable<object[]> SetsTimesShapes() => KernelSets.Times(Shapes());

    [Theory]
    [MemberData(nameof(SetsTimesShapes))]
    public void MatMulAndMatVec_AnySupportedSet_AreTheReferenceBitForBit(string name, int rows, int cols)
    {
        KernelSet set = KernelSets.Get(name);
        foreach (int tokens in TokenCounts)
        {
            foreach (QuantFormat format in Enum.GetValues<QuantFormat>())
            {
                KernelDifference difference = KernelComparison.Packed(set, format, rows, cols, tokens);
                Assert.True(difference.Passed, $"{name}: {difference}");
                Assert.True(!set.IsFused || difference.Worst == 0, $"{name}: {difference}");
            }
        }
    }

    // 2,080 columns are 65 groups: more than a panel of 64 tokens holds, so that rows are summed in two parts.
    [Theory]
    [MemberData(nameof(Sets))]
    public void MatMul_LongRowsAndManyTokens_AreTheReferenceBitForBit(string name)
    {
        KernelSet set = KernelSets.Get(name);
        foreach (int tokens in (int[])[9, 63, 64, 65, 130])
        {
            KernelDifference difference = KernelComparison.Packed(set, QuantFormat.Q8G32, 31, 2080, tokens);
            Assert.True(difference.Passed, $"{name}: {difference}");
            Assert.True(!set.IsFused || difference.Worst == 0, $"{name}: {difference}");
        }
    }

    [Fact]
    public void MatVecQ8_TwoGroupsByHand_IsTheHandWorkedSum()
    {
        // Row 1 of 2 rows × 64 columns: w = 2 at column 0 and −3 at column 5 (scale 0.5), 127 at column 63 (scale
        // 0.25).
        using AlignedBuffer weights = new(new PackedLayout(QuantFormat.Q8G32, 2, 64).TotalBytes);
        Span<byte> quants = weights.Span<byte>(0, 512);
        quants[4] = 2;
        quants[32 + 4 + 1] = unchecked((byte)-3);
        quants[256 + (7 * 32) + 4 + 3] = 127;
        SetScales(weights, QuantFormat.Q8G32, 0.5f, 0.25f);
        // x = 10, 20 and −100 there, scales 2 and 4: 0.5·2·(20 − 60) + 0.25·4·(−12700) = −40 − 12700.
        Assert.Equal(-12740f, HandWorked(weights, QuantFormat.Q8G32));
    }

    [Fact]
    public void MatVecQ4_TwoGroupsByHand_IsTheHandWorkedSum()
    {
        // As above with w = 2, −3 and 7; all other nibbles are 8, which is 0.
        using AlignedBuffer weights = new(new PackedLayout(QuantFormat.Q4G32, 2, 64).TotalBytes);
        Span<byte> quants = weights.Span<byte>(0, 256);
        quants.Fill(0x88);
        quants[4] = 0x8a;
        quants[32 + 4 + 1] = 0x85;
        quants[128 + (3 * 32) + 4 + 3] = 0xf8;
        SetScales(weights, QuantFormat.Q4G32, 0.5f, 0.25f);
        // 0.5·2·(20 − 60) + 0.25·4·(−700).
        Assert.Equal(-740f, HandWorked(weights, QuantFormat.Q4G32));
    }

    [Theory]
    [InlineData(QuantFormat.Q8G32, 7)]
    [InlineData(QuantFormat.Q8G32, 11)]
    [InlineData(QuantFormat.Q4G32, 7)]
    public void MatMul_ExtremeQuants_DoNotSaturate(QuantFormat format, int tokens)
    {
        // Every product at its largest magnitude and of one sign: what a saturating instruction would cut off.
        // 24 rows, and 7 or 11 tokens, reach the bodies for blocks of tiles and tokens and those for what is left over.
        const int Cols = 64;
        const int Rows = 24;
        PackedLayout layout = new(format, Rows, Cols);
        using AlignedBuffer weights = new(layout.TotalBytes);
        byte extreme = format == QuantFormat.Q8G32 ? unchecked((byte)-127) : (byte)0x00;
        weights.Span<byte>(0, (int)layout.QuantBytes).Fill(extreme);
        weights.Span<Half>(layout.ScaleOffset, Rows * Cols / 32).Fill((Half)1);
        using AlignedBuffer input = new(QuantizedRows.ByteCount(tokens, Cols));
        QuantizedRows x = QuantizedRows.Over(input, tokens, Cols);
        int groups = tokens * Cols / 32;
        input.Span<sbyte>(0, tokens * Cols).Fill(-127);
        input.Span<float>(tokens * Cols, groups).Fill(1f);
        input.Span<int>((tokens * Cols) + (groups * sizeof(float)), groups).Fill(-127 * 32);
        using AlignedBuffer output = new(tokens * Rows * sizeof(float));
        float expected = (format == QuantFormat.Q8G32 ? 127f : 8f) * 127f * Cols;
        foreach (KernelSet set in KernelSelector.Supported)
        {
            MatMul(set, View(weights, layout), x, FloatMatrix.Over(output, tokens, Rows), 0, Rows / 8);
            Assert.Equal(-1, output.Span<float>(0, tokens * Rows).IndexOfAnyExcept(expected));
        }
    }

    [Theory]
    [InlineData(QuantFormat.Q8G32)]
    [InlineData(QuantFormat.Q4G32)]
    public void MatMul_AnyRangeOfTiles_WritesItsColumnsOnly(QuantFormat format)
    {
        // Workers write ranges side by side; a block that moves back over finished tiles must stay inside its range.
        const int Rows = 53;
        const int Tiles = 7;
        using KernelTestData data = new(11);
        PackedMatrix w = data.Packed(format, Rows, 96);
        foreach (KernelSet set in KernelSelector.Supported)
        {
            foreach (int tokens in TokenCounts)
            {
                QuantizedRows x = data.Quantized(tokens, 96);
                using AlignedBuffer whole = new(tokens * Rows * sizeof(float));
                MatMul(set, w, x, FloatMatrix.Over(whole, tokens, Rows), 0, Tiles);
                for (int start = 0; start < Tiles; start++)
                {
                    for (int end = start + 1; end <= Tiles; end++)
                    {
                        AssertRange(set, w, x, whole, start, end);
                    }
                }
            }
        }
    }

    private static void AssertRange(
        KernelSet set, PackedMatrix w, QuantizedRows x, AlignedBuffer whole, int start, int end)
    {
        const float Untouched = -1234.5f;
        int rows = w.Layout.Rows;
        using AlignedBuffer output = new(x.Rows * rows * sizeof(float));
        Span<float> y = output.Span<float>(0, x.Rows * rows);
        y.Fill(Untouched);
        MatMul(set, w, x, FloatMatrix.Over(output, x.Rows, rows), start, end);
        for (int i = 0; i < y.Length; i++)
        {
            int tile = i % rows / 8;
            float expected = tile >= start && tile < end ? whole.Span<float>(0, y.Length)[i] : Untouched;
            Assert.True(expected == y[i], $"{set.Name}, {x.Rows} tokens, tiles {start} to {end}, element {i}");
        }
    }

    private static void MatMul(KernelSet set, PackedMatrix w, QuantizedRows x, FloatMatrix y, int start, int end)
    {
        if (w.Layout.Format == QuantFormat.Q8G32)
        {
            set.MatMulQ8(w, x, y, start, end);
        }
        else
        {
            set.MatMulQ4(w, x, y, start, end);
        }
    }

    [Fact]
    public void DequantizeRow_PackedRow_IsScaleTimesQuant()
    {
        using KernelTestData data = new(7);
        foreach (QuantFormat format in Enum.GetValues<QuantFormat>())
        {
            PackedMatrix w = data.Packed(format, 9, 40);
            float[] row = new float[40];
            foreach (KernelSet set in KernelSelector.Supported)
            {
                set.DequantizeRow(w, 8, row);
                for (int col = 0; col < row.Length; col++)
                {
                    Assert.Equal(PackedReference.Scale(w, 8, col / 32) * PackedReference.Quant(w, 8, col), row[col]);
                }
            }
        }
    }

    private static float HandWorked(AlignedBuffer weights, QuantFormat format)
    {
        using AlignedBuffer input = new(QuantizedRows.ByteCount(1, 64));
        Span<sbyte> values = input.Span<sbyte>(0, 64);
        values[0] = 10;
        values[5] = 20;
        values[63] = -100;
        input.Span<float>(64, 2)[0] = 2f;
        input.Span<float>(64, 2)[1] = 4f;
        input.Span<int>(72, 2)[0] = 30;
        input.Span<int>(72, 2)[1] = -100;
        using AlignedBuffer output = new(2 * sizeof(float));
        Span<float> y = output.Span<float>(0, 2);
        float first = float.NaN;
        foreach (KernelSet set in KernelSelector.Supported)
        {
            PackedMatrix w = View(weights, new PackedLayout(format, 2, 64));
            QuantizedRows x = QuantizedRows.Over(input, 1, 64);
            if (format == QuantFormat.Q8G32)
            {
                set.MatVecQ8(w, x, FloatMatrix.Over(output, 1, 2), 0, 1);
            }
            else
            {
                set.MatVecQ4(w, x, FloatMatrix.Over(output, 1, 2), 0, 1);
            }

            Assert.Equal(0f, y[0]);
            Assert.True(float.IsNaN(first) || first == y[1], set.Name);
            first = y[1];
        }

        return first;
    }

    private static void SetScales(AlignedBuffer weights, QuantFormat format, float first, float second)
    {
        Span<Half> scales = weights.Span<Half>(new PackedLayout(format, 2, 64).ScaleOffset, 16);
        scales[1] = (Half)first;
        scales[8 + 1] = (Half)second;
    }

    // SAFETY: the buffer was taken with this layout's TotalBytes.
    private static unsafe PackedMatrix View(AlignedBuffer buffer, PackedLayout layout) => new(buffer.Data, layout);

    private static IEnumerable<object[]> Shapes()
    {
        foreach (int rows in RowCounts)
        {
            foreach (int cols in ColCounts)
            {
                yield return [rows, cols];
            }
        }
    }
}
