using System.Runtime.InteropServices;
using MoREdge.Kernels;
using MoREdge.Tensors;

namespace MoREdge.Tests.Kernels;

public sealed class BlockProductTests
{
    private static readonly int[] RowCounts = [1, 3, 33];
    private static readonly int[] TokenCounts = [1, 2, 3, 5, 17];

    // Groups of 32: one, most of a chunk, chunks and a part, more than a piece of eight chunks, and one panel too many.
    private static readonly int[] SmallBlockCols = [32, 224, 576, 960, 2400, 11552];
    private static readonly int[] LargeBlockCols = [256, 768, 2304, 11520];

    // Enough rows and tokens for tiles in each half of the rows, with rows and tokens left over; parts of two chunks,
    // and at last more columns than the panel has room for so many tokens.
    private static readonly (int Rows, int Cols, int Tokens)[] TileShapes =
        [(32, 256, 8), (53, 512, 9), (35, 768, 67), (33, 1280, 13), (32, 11520, 26)];

    public static IEnumerable<object[]> SetsTimesTypes() => KernelSets.Times(
        [
            [ElementType.Q8_0], [ElementType.Q4_0], [ElementType.Q4_1], [ElementType.Q5_0], [ElementType.Q5_1],
            [ElementType.Q4_K], [ElementType.Q5_K], [ElementType.Q6_K],
        ]);

    [Theory]
    [MemberData(nameof(SetsTimesTypes))]
    public void MatMulBlocks_AnySupportedSet_MatchesReferenceAndIgnoresBatching(string name, ElementType type) =>
        Compare(KernelSets.Get(name), type);

    [Theory]
    [MemberData(nameof(SetsTimesTypes))]
    public void MatMulBlocks_SetWithoutFusedMultiplyAdd_StaysWithinItsRoundings(string name, ElementType type)
    {
        // The same bodies for every name: once will do.
        if (name == KernelSelector.Best.Name)
        {
            Compare(new Vector128Kernels(isFused: false), type);
        }
    }

    [Theory]
    [MemberData(nameof(SetsTimesTypes))]
    public void MatMulBlocks_ManyRowsAndTokens_MatchReferenceAndIgnoreBatching(string name, ElementType type)
    {
        foreach ((int rows, int cols, int tokens) in TileShapes)
        {
            foreach (bool isHostile in (bool[])(cols > 2048 ? [false] : [false, true]))
            {
                // Of the small blocks a number that leaves a chunk incomplete.
                int wholeCols = ElementTypes.BlockLength(type) == 32 ? cols - (3 * 32) : cols;
                KernelDifference difference =
                    BlockComparison.Run(KernelSets.Get(name), type, rows, wholeCols, tokens, isHostile);
                Assert.True(difference.Passed, $"{name}: {difference}");
            }
        }
    }

    [Fact]
    public void MatMulBlocks_HandWorkedBlocks_AreTheHandWorkedSums()
    {
        foreach (KernelSet set in KernelSelector.Supported)
        {
            // x: quants k − 16 with scale 0.5; Σ x = −16, of the second half 120.
            // Q8_0: d −2, all quants 3: −2·0.5·3·(−16) = 48.
            Assert.Equal(48f, Product(set, ElementType.Q8_0, block => { Write(block, -2); block[2..].Fill(3); }));
            // Q4_0: all nibbles 11, so weights 3.
            Assert.Equal(48f, Product(set, ElementType.Q4_0, block => { Write(block, -2); block[2..].Fill(0xbb); }));
            // Q4_1: low nibbles 0, high ones 1, minimum 3: 2·0.5·120 + 3·0.5·(−16) = 96.
            Assert.Equal(96f, Product(
                set, ElementType.Q4_1, block => { Write(block, 2); Write(block[2..], 3); block[4..].Fill(0x10); }));
            // Q5_0: no fifth bits in the first half, all in the second: weights −16 and 0. −16·0.5·2·(−136) = 2176.
            Assert.Equal(2176f, Product(
                set, ElementType.Q5_0, block => { Write(block, 2); block.Slice(4, 2).Fill(0xff); }));
            // Q5_1: weights 2·0 + 1 and 2·16 + 1: 2·0.5·16·120 + 0.5·(−16) = 1912.
            Assert.Equal(1912f, Product(
                set,
                ElementType.Q5_1,
                block => { Write(block, 2); Write(block[2..], 1); block.Slice(6, 2).Fill(0xff); }));
        }
    }

    [Fact]
    public void MatMulBlocks_HandWorkedLargeBlocks_AreTheHandWorkedSums()
    {
        foreach (KernelSet set in KernelSelector.Supported)
        {
            // Q4_K: scale 2 and minimum 1 for group 0 alone, d 3, dmin 5, nibbles 1: (6·1 − 5)·0.5·(−16) = −8.
            Assert.Equal(-8f, Product(set, ElementType.Q4_K, block =>
            {
                Factors(block);
                block[16..].Fill(1);
            }));
            // Q5_K: the same, and 16 more from the fifth bits of group 0: (6·17 − 5)·0.5·(−16) = −776.
            Assert.Equal(-776f, Product(set, ElementType.Q5_K, block =>
            {
                Factors(block);
                block.Slice(16, 32).Fill(1);
                block[48..].Fill(1);
            }));
            // Q6_K: weights 1 − 32 + 16 with scale −1, then 2: −15·0.5·(−1·(−136) + 2·120) = −2820.
            Assert.Equal(-2820f, Product(set, ElementType.Q6_K, block =>
            {
                block[..128].Fill(1);
                block.Slice(128, 64).Fill(1);
                block[192] = 0xff;
                block[193] = 2;
                Write(block[208..], 1);
            }));
        }

        static void Factors(Span<byte> block)
        {
            Write(block, 3);
            Write(block[2..], 5);
            block[4] = 2;
            block[8] = 1;
        }
    }

    [Theory]
    [MemberData(nameof(SetsTimesTypes))]
    public void MatMulBlocks_ExtremeQuants_DoNotSaturate(string name, ElementType type)
    {
        CompareExtremes(KernelSets.Get(name), type, rows: 3, tokens: 2);
        CompareExtremes(KernelSets.Get(name), type, rows: 16, tokens: 8);
    }

    // Every product at its largest magnitude and of one sign: what a sum that is too narrow would cut off.
    private static unsafe void CompareExtremes(KernelSet set, ElementType type, int rows, int tokens)
    {
        const int Cols = 512;
        using AlignedBuffer weights = new(rows * ElementTypes.RowBytes(type, Cols));
        using AlignedBuffer input = new(QuantizedRows.ByteCount(tokens, Cols));
        using AlignedBuffer expected = new(tokens * rows * sizeof(float));
        using AlignedBuffer actual = new(tokens * rows * sizeof(float));
        QuantizedRows x = QuantizedRows.Over(input, tokens, Cols);
        DenseMatrix w = View(weights, type, rows, Cols);
        foreach (byte extreme in (byte[])[0x00, 0x7f, 0x80, 0xff])
        {
            weights.Span<byte>(0, (int)weights.ByteCount).Fill(extreme);
            int blockBytes = ElementTypes.BlockBytes(type);
            for (int block = 0; block < rows * ElementTypes.RowBytes(type, Cols); block += blockBytes)
            {
                Write(weights.Span<byte>(block, blockBytes)[(type == ElementType.Q6_K ? 208 : 0)..], 1);
            }

            for (int group = 0; group < tokens * x.GroupCount; group++)
            {
                sbyte value = (sbyte)(group % 2 == 0 ? 127 : -127);
                new Span<sbyte>(x.Values + (group * 32), 32).Fill(value);
                x.Scales[group] = 1;
                x.Sums[group] = 32 * value;
            }

            new KernelSet().MatMulBlocks(w, x, FloatMatrix.Over(expected, tokens, rows), 0, rows);
            set.MatMulBlocks(w, x, FloatMatrix.Over(actual, tokens, rows), 0, rows);
            Assert.Equal(
                expected.Span<float>(0, tokens * rows).ToArray(), actual.Span<float>(0, tokens * rows).ToArray());
        }
    }

    [Fact]
    public void MatMulBlocks_TypeWithoutBlocks_SaysSo()
    {
        using AlignedBuffer buffer = new(256);
        foreach (KernelSet set in KernelSelector.Supported)
        {
            Assert.Throws<ArgumentException>(() => set.MatMulBlocks(
                View(buffer, ElementType.F32, 1, 32), QuantizedRows.Over(buffer, 1, 32),
                FloatMatrix.Over(buffer, 1, 1), 0, 1));
        }
    }

    private static void Compare(KernelSet set, ElementType type)
    {
        foreach (int rows in RowCounts)
        {
            foreach (int cols in ElementTypes.BlockLength(type) == 32 ? SmallBlockCols : LargeBlockCols)
            {
                foreach (int tokens in TokenCounts)
                {
                    // The scalar reference is slow, so few of the largest products.
                    if ((long)rows * cols * tokens < 500_000)
                    {
                        KernelDifference difference =
                            BlockComparison.Run(set, type, rows, cols, tokens, isHostile: rows == 3);
                        Assert.True(difference.Passed, $"{set.Name}: {difference}");
                    }
                }
            }
        }
    }

    private delegate void BlockAction(Span<byte> block);

    // One row of one block, zeroed and then filled, times quants k − 16 of scale 0.5 in the first group, 0 elsewhere.
    private static unsafe float Product(KernelSet set, ElementType type, BlockAction fill)
    {
        int length = ElementTypes.BlockLength(type);
        using AlignedBuffer weights = new(ElementTypes.BlockBytes(type));
        Span<byte> block = weights.Span<byte>(0, ElementTypes.BlockBytes(type));
        block.Clear();
        fill(block);
        using AlignedBuffer input = new(QuantizedRows.ByteCount(1, length));
        input.Span<byte>(0, (int)QuantizedRows.ByteCount(1, length)).Clear();
        QuantizedRows x = QuantizedRows.Over(input, 1, length);
        for (int k = 0; k < 32; k++)
        {
            x.Values[k] = (sbyte)(k - 16);
        }

        x.Scales[0] = 0.5f;
        x.Sums[0] = -16;
        using AlignedBuffer output = new(sizeof(float));
        set.MatMulBlocks(View(weights, type, 1, length), x, FloatMatrix.Over(output, 1, 1), 0, 1);
        return output.Span<float>(0, 1)[0];
    }

    private static void Write(Span<byte> block, float half) => MemoryMarshal.Write(block, (Half)half);

    // SAFETY: the buffer holds the rows.
    private static unsafe DenseMatrix View(AlignedBuffer buffer, ElementType type, int rows, int cols) =>
        new(buffer.Data, type, rows, cols);
}
